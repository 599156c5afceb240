using System.Numerics;
using System.Numerics.Tensors;

namespace Serverless.Inference.Onnx.Weights;

/// <summary>Makes a random orthogonal matrix that is the same on every machine.</summary>
/// <remarks>
/// Stewart's method: for random vectors of growing length, the reflections that take each to the first axis, applied
/// to the identity. The vectors' elements are sums of uniform numbers, so that only exactly defined arithmetic is used
/// and no library's sine or logarithm; every element is computed by the same operations in the same order whatever the
/// vector width.
/// </remarks>
internal static class RandomOrthogonal
{
    public static Matrix Create(int size, ulong seed, ParallelOptions parallel)
    {
        var state = seed;
        var rows = new double[size][];
        for (var i = 0; i < size; i++)
        {
            rows[i] = new double[size];
            rows[i][i] = 1;
        }

        for (var first = size - 2; first >= 0; first--)
        {
            Reflect(rows, first, Direction(size - first, ref state), parallel);
        }

        var matrix = new Matrix(size, size);
        for (var i = 0; i < size; i++)
        {
            TensorPrimitives.ConvertTruncating(rows[i].AsSpan(), matrix.Row(i));
        }

        return matrix;
    }

    // rows -= 2 v (v' rows), over the lower right block that this reflection touches.
    private static void Reflect(double[][] rows, int first, double[] direction, ParallelOptions parallel)
    {
        var size = rows.Length;
        const int Stripe = 512;
        var stripes = (size - first + Stripe - 1) / Stripe;
        if (stripes == 1)
        {
            ReflectColumns(rows, first, direction, first, size - first);
            return;
        }

        Parallel.For(0, stripes, parallel, stripe =>
        {
            var start = first + (stripe * Stripe);
            ReflectColumns(rows, first, direction, start, Math.Min(Stripe, size - start));
        });
    }

    private static void ReflectColumns(double[][] rows, int first, double[] direction, int start, int count)
    {
        Span<double> projection = stackalloc double[512];
        projection = projection[..count];
        projection.Clear();
        for (var i = 0; i < direction.Length; i++)
        {
            AddScaled(projection, rows[first + i].AsSpan(start, count), direction[i]);
        }

        for (var i = 0; i < direction.Length; i++)
        {
            AddScaled(rows[first + i].AsSpan(start, count), projection, -2 * direction[i]);
        }
    }

    // Multiply and add stay two roundings: a fused one would give other bits where the processor has none.
    private static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
    {
        var i = 0;
        for (; i <= target.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var product = new Vector<double>(source[i..]) * factor;
            (new Vector<double>(target[i..]) + product).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            var product = source[i] * factor;
            target[i] += product;
        }
    }

    // The mirror that takes a random vector to the first axis. A random mirror would leave nearly everything in place.
    private static double[] Direction(int length, ref ulong state)
    {
        var direction = new double[length];
        for (var i = 0; i < length; i++)
        {
            direction[i] = NearlyNormal(ref state);
        }

        direction[0] += Math.CopySign(Length(direction), direction[0]);
        var scale = 1 / Length(direction);
        for (var i = 0; i < length; i++)
        {
            direction[i] *= scale;
        }

        return direction;
    }

    private static double Length(double[] vector)
    {
        var squares = 0.0;
        foreach (var value in vector)
        {
            squares += value * value;
        }

        return Math.Sqrt(squares);
    }

    private static double NearlyNormal(ref ulong state)
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++)
        {
            sum += (Next(ref state) >> 11) * (1.0 / (1UL << 53));
        }

        return sum;
    }

    // SplitMix64.
    private static ulong Next(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
