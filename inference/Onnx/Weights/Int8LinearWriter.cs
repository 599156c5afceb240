using System.Buffers;
using System.Runtime.InteropServices;
using Serverless.Inference.Onnx.Importing;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Weights;

/// <summary>Multiplies, rounds and stores the weights of one Int8Linear, a band of output channels at a time.</summary>
internal sealed class Int8LinearWriter
{
    // A band's products stay in the second-level cache while they are rounded; a multiple of the packed group.
    private const int BandRows = 4 * Int8Rows.GroupRows;

    private readonly string _name;
    private readonly int _columns;
    private readonly ParallelOptions _parallel;
    private readonly int[] _sums;
    private readonly float[] _scales;
    private int _rows;

    public Int8LinearWriter(string name, int outputs, int columns, ParallelOptions parallel)
    {
        _name = name;
        _columns = columns;
        _parallel = parallel;
        var padded = (outputs + Int8Rows.GroupRows - 1) / Int8Rows.GroupRows * Int8Rows.GroupRows;
        _sums = new int[padded];
        _scales = new float[padded];
    }

    /// <summary>Writes the constants of a linear whose weights are <paramref name="left"/> × <paramref name="right"/>, and returns their names in the operator's order.</summary>
    public static string[] Write(ExternalData data, string name, Matrix left, PackedMatrix right, ParallelOptions parallel)
    {
        var writer = new Int8LinearWriter(name, left.Rows, right.Columns, parallel);
        return writer.Write(data, [(left, right)]);
    }

    /// <summary>As <see cref="Write(ExternalData, string, Matrix, PackedMatrix, ParallelOptions)"/>, for weights made in parts; each part but the last is a multiple of 16 rows.</summary>
    public string[] Write(ExternalData data, IEnumerable<(Matrix Left, PackedMatrix Right)> parts)
    {
        long[] shape = [_sums.Length / Int8Rows.GroupRows, _columns / 4, Int8Rows.GroupRows, 4];
        var weights = data.Add(_name + ".w", OnnxType.Int8, shape, write =>
        {
            foreach (var (left, right) in parts)
            {
                write(MemoryMarshal.AsBytes<sbyte>(Pack(left, right)));
            }
        });
        return
        [
            weights,
            data.Add<int>(_name + ".c", OnnxType.Int32, [_sums.Length], _sums),
            data.Add<float>(_name + ".s", OnnxType.Float, [_scales.Length], _scales),
        ];
    }

    private sbyte[] Pack(Matrix left, PackedMatrix right)
    {
        var groups = (left.Rows + Int8Rows.GroupRows - 1) / Int8Rows.GroupRows;
        var packed = new sbyte[checked(groups * Int8Rows.GroupRows * _columns)];
        var start = _rows;
        _rows += left.Rows;
        Parallel.For(0, (left.Rows + BandRows - 1) / BandRows, _parallel, band =>
        {
            var first = band * BandRows;
            var count = Math.Min(BandRows, left.Rows - first);
            var products = ArrayPool<float>.Shared.Rent(count * _columns);
            try
            {
                right.Multiply(left.RowRange(first, count), count, products);
                PackBand(products.AsSpan(0, count * _columns), packed.AsSpan(first * _columns), start + first);
            }
            finally
            {
                ArrayPool<float>.Shared.Return(products);
            }
        });
        return packed;
    }

    private void PackBand(ReadOnlySpan<float> products, Span<sbyte> packed, int firstRow)
    {
        for (; products.Length > 0; firstRow += Int8Rows.GroupRows)
        {
            var taken = Math.Min(products.Length, Int8Rows.GroupRows * _columns);
            var group = packed[..(Int8Rows.GroupRows * _columns)];
            if (!Int8Rows.Pack(products[..taken], _columns, group, _sums.AsSpan(firstRow, Int8Rows.GroupRows), _scales.AsSpan(firstRow, Int8Rows.GroupRows)))
            {
                throw new ImportException($"The weights of '{_name}' are not all finite numbers; the file is damaged.");
            }

            products = products[taken..];
            packed = packed[group.Length..];
        }
    }
}
