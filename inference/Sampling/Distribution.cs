using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Serverless.Inference.Sampling;

/// <summary>Sums over a whole vocabulary, always in the same order, whatever the processor's vector width.</summary>
internal static class Distribution
{
    /// <summary>The sum of exp((logit - max) * scale).</summary>
    public static double SumOfExponentials(ReadOnlySpan<float> row, float max, float scale)
    {
        // Sixteen lanes in two running sums of doubles: the order is part of the result.
        var (low, high) = (Vector512<double>.Zero, Vector512<double>.Zero);
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(row);
        foreach (ref readonly var vector in vectors)
        {
            var (a, b) = Vector512.Widen(Vector512.Exp((vector - Vector512.Create(max)) * scale));
            low += a;
            high += b;
        }

        var sum = Vector512.Sum(low + high);
        foreach (var logit in row[(vectors.Length * Vector512<float>.Count)..])
        {
            sum += MathF.Exp((logit - max) * scale);
        }

        return sum;
    }

    /// <summary>The first token at which the running sum of exp((logit - max) * scale) passes a fraction of the total.</summary>
    /// <param name="row">The logits.</param>
    /// <param name="max">The largest of them.</param>
    /// <param name="scale">1 / temperature.</param>
    /// <param name="fraction">In [0, 1).</param>
    /// <param name="segments">Memory for one sum for each <see cref="SegmentLength"/> logits.</param>
    public static int Draw(ReadOnlySpan<float> row, float max, float scale, double fraction, Span<double> segments)
    {
        var total = 0.0;
        var count = SegmentCount(row.Length);
        for (var i = 0; i < count; i++)
        {
            total += segments[i] = SumOfExponentials(Segment(row, i), max, scale);
        }

        var target = fraction * total;
        var running = 0.0;
        for (var i = 0; i < count; i++)
        {
            if (running + segments[i] <= target)
            {
                running += segments[i];
                continue;
            }

            return (i * SegmentLength) + DrawInside(Segment(row, i), max, scale, target - running);
        }

        return LastPossible(row, max, scale);
    }

    public const int SegmentLength = 512;

    public static int SegmentCount(int length) => (length + SegmentLength - 1) / SegmentLength;

    private static ReadOnlySpan<float> Segment(ReadOnlySpan<float> row, int index) =>
        row.Slice(index * SegmentLength, Math.Min(SegmentLength, row.Length - (index * SegmentLength)));

    private static int DrawInside(ReadOnlySpan<float> segment, float max, float scale, double target)
    {
        var running = 0.0;
        for (var i = 0; i < segment.Length; i++)
        {
            running += MathF.Exp((segment[i] - max) * scale);
            if (running > target)
            {
                return i;
            }
        }

        // Rounding can leave the target a hair above the segment's sum.
        return LastPossible(segment, max, scale);
    }

    private static int LastPossible(ReadOnlySpan<float> row, float max, float scale)
    {
        var last = row.Length - 1;
        while (last > 0 && MathF.Exp((row[last] - max) * scale) == 0)
        {
            last--;
        }

        return last;
    }
}
