using System.Numerics;

namespace Serverless.Inference.Onnx.Weights;

/// <summary>Walsh-Hadamard transforms, normalised so that they are their own inverse.</summary>
internal static class Hadamard
{
    /// <summary>Transforms every run of <paramref name="size"/> elements of each row.</summary>
    public static void AlongRows(Matrix matrix, int size) => AlongRows(matrix.Values, size);

    /// <summary>Transforms every run of <paramref name="size"/> elements.</summary>
    public static void AlongRows(Span<float> values, int size)
    {
        for (var start = 0; start < values.Length; start += size)
        {
            Transform(values.Slice(start, size), stride: 1, size);
        }
    }

    /// <summary>Transforms every column of each run of <paramref name="size"/> rows, starting at row <paramref name="first"/>.</summary>
    public static void AlongColumns(Matrix matrix, int first, int count, int size)
    {
        for (var start = first; start < first + count; start += size)
        {
            Transform(matrix.RowRange(start, size), matrix.Columns, size);
        }
    }

    // Each of the `size` points is a run of `stride` elements.
    private static void Transform(Span<float> points, int stride, int size)
    {
        for (var half = 1; half < size; half *= 2)
        {
            for (var start = 0; start < size; start += 2 * half)
            {
                Butterfly(points.Slice(start * stride, half * stride), points.Slice((start + half) * stride, half * stride));
            }
        }

        var scale = (float)(1 / Math.Sqrt(size));
        foreach (ref var value in points)
        {
            value *= scale;
        }
    }

    private static void Butterfly(Span<float> low, Span<float> high)
    {
        var i = 0;
        for (; i <= low.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var (a, b) = (new Vector<float>(low[i..]), new Vector<float>(high[i..]));
            (a + b).CopyTo(low[i..]);
            (a - b).CopyTo(high[i..]);
        }

        for (; i < low.Length; i++)
        {
            (low[i], high[i]) = (low[i] + high[i], low[i] - high[i]);
        }
    }

    public static bool Fits(int size) => BitOperations.IsPow2(size);
}
