using System.Runtime.CompilerServices;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Turns a row of scores into weights that still lack a common factor.</summary>
internal static unsafe class Softmax
{
    /// <summary>
    /// Exponentiates the first <paramref name="seen"/> scores, sets those up to <paramref name="keys"/> to 0, and
    /// returns the factor that makes the weights' sum 1. The row's memory reaches to the next multiple of 32.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Run<S, V>(float* scores, int seen, int keys)
        where S : ISimd<V>
        where V : struct
    {
        var whole = seen / S.Width * S.Width;
        var rest = seen - whole;
        var largest = S.Create(float.NegativeInfinity);
        for (var i = 0; i < whole; i += S.Width)
        {
            largest = S.Max(largest, S.Load(scores + i));
        }

        if (rest > 0)
        {
            largest = S.Max(largest, S.Keep(S.Load(scores + whole), rest, S.Create(float.NegativeInfinity)));
        }

        var max = S.Create(S.Largest(largest));
        var sum = S.Zero;
        for (var i = 0; i < whole; i += S.Width)
        {
            var weight = S.Exp(S.Subtract(S.Load(scores + i), max));
            S.Store(weight, scores + i);
            sum = S.Add(sum, weight);
        }

        var next = whole;
        if (rest > 0)
        {
            var weight = S.Keep(S.Exp(S.Subtract(S.Load(scores + whole), max)), rest, S.Zero);
            S.Store(weight, scores + whole);
            sum = S.Add(sum, weight);
            next += S.Width;
        }

        for (; next < keys; next += S.Width)
        {
            S.Store(S.Zero, scores + next);
        }

        return 1 / S.Sum(sum);
    }
}
