using System.Numerics.Tensors;

namespace Serverless.Inference.Onnx.Weights;

/// <summary>Rounds rows of weights to symmetric int8 with a scale each, in the layout of the Int8Linear operator.</summary>
internal static class Int8Rows
{
    /// <summary>Output channels that lie together in the packed layout.</summary>
    public const int GroupRows = 16;

    /// <summary>Packs up to 16 rows as [columns/4][16][4]; rows that are not there become zero.</summary>
    /// <returns>False where a weight is not a finite number.</returns>
    public static bool Pack(ReadOnlySpan<float> rows, int columns, Span<sbyte> packed, Span<int> sums, Span<float> scales)
    {
        packed.Clear();
        sums.Clear();
        scales.Clear();
        for (var row = 0; row < rows.Length / columns; row++)
        {
            var weights = rows.Slice(row * columns, columns);
            var largest = MathF.Abs(TensorPrimitives.MaxMagnitude(weights));
            if (!float.IsFinite(largest))
            {
                return false;
            }

            if (largest > 0)
            {
                (sums[row], scales[row]) = PackRow(weights, largest / 127, packed, row);
            }
        }

        return true;
    }

    // The scale that is stored fits the rounded weights best in the sense of least squares.
    private static (int Sum, float Scale) PackRow(ReadOnlySpan<float> weights, float step, Span<sbyte> packed, int row)
    {
        var inverse = 1 / step;
        var (sum, dot, squares) = (0, 0.0, 0L);
        for (var k = 0; k < weights.Length; k++)
        {
            var rounded = (int)MathF.Round(Math.Clamp(weights[k] * inverse, -127, 127));
            packed[(k / 4 * (GroupRows * 4)) + (row * 4) + (k % 4)] = (sbyte)rounded;
            sum += rounded;
            squares += rounded * rounded;
            dot += (double)rounded * weights[k];
        }

        return (128 * sum, (float)(dot / squares / 127));
    }
}
