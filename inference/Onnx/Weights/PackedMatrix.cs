using System.Runtime.Intrinsics;

namespace Serverless.Inference.Onnx.Weights;

/// <summary>The right side of a matrix product, in panels of 16 columns.</summary>
/// <remarks>
/// Each element of a product is one running sum over the inner dimension in ascending order, multiply and add
/// rounded separately. So its bits depend neither on the processor's vector width nor on how rows are shared out.
/// </remarks>
internal sealed unsafe class PackedMatrix
{
    private const int PanelColumns = 16;
    private const int TileRows = 4;

    private readonly float[] _panels;
    private readonly int _inner;

    public PackedMatrix(Matrix matrix)
    {
        _inner = matrix.Rows;
        Columns = matrix.Columns;
        var panelCount = (Columns + PanelColumns - 1) / PanelColumns;
        _panels = new float[checked(panelCount * _inner * PanelColumns)];
        for (var row = 0; row < _inner; row++)
        {
            var source = matrix.Row(row);
            for (var panel = 0; panel < panelCount; panel++)
            {
                var column = panel * PanelColumns;
                source.Slice(column, Math.Min(PanelColumns, Columns - column))
                    .CopyTo(_panels.AsSpan(((panel * _inner) + row) * PanelColumns));
            }
        }
    }

    public int Columns { get; }

    /// <summary>Writes left × this; <paramref name="left"/> and <paramref name="result"/> hold <paramref name="rows"/> whole rows.</summary>
    public void Multiply(ReadOnlySpan<float> left, int rows, Span<float> result)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(left.Length, rows * _inner);
        ArgumentOutOfRangeException.ThrowIfLessThan(result.Length, rows * Columns);
        var tile = stackalloc float[TileRows * PanelColumns];
        fixed (float* a = left, panels = _panels)
        {
            for (var column = 0; column < Columns; column += PanelColumns)
            {
                var panel = panels + ((long)column * _inner);
                var width = Math.Min(PanelColumns, Columns - column);
                for (var row = 0; row < rows; row += TileRows)
                {
                    var height = Math.Min(TileRows, rows - row);
                    Tile(a + ((long)row * _inner), height, panel, tile);
                    for (var r = 0; r < height; r++)
                    {
                        new ReadOnlySpan<float>(tile + (r * PanelColumns), width).CopyTo(result[(((row + r) * Columns) + column)..]);
                    }
                }
            }
        }
    }

    // Rows past the last are computed again from the last and thrown away.
    private void Tile(float* a0, int height, float* panel, float* tile)
    {
        var a1 = height > 1 ? a0 + _inner : a0;
        var a2 = height > 2 ? a1 + _inner : a1;
        var a3 = height > 3 ? a2 + _inner : a2;
        var (c00, c01, c10, c11) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var (c20, c21, c30, c31) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (var k = 0; k < _inner; k++, panel += PanelColumns)
        {
            var b0 = Vector256.Load(panel);
            var b1 = Vector256.Load(panel + 8);
            var a = Vector256.Create(a0[k]);
            c00 += a * b0;
            c01 += a * b1;
            a = Vector256.Create(a1[k]);
            c10 += a * b0;
            c11 += a * b1;
            a = Vector256.Create(a2[k]);
            c20 += a * b0;
            c21 += a * b1;
            a = Vector256.Create(a3[k]);
            c30 += a * b0;
            c31 += a * b1;
        }

        c00.Store(tile);
        c01.Store(tile + 8);
        c10.Store(tile + 16);
        c11.Store(tile + 24);
        c20.Store(tile + 32);
        c21.Store(tile + 40);
        c30.Store(tile + 48);
        c31.Store(tile + 56);
    }
}
