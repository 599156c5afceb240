using System.Runtime.CompilerServices;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Rotary position embedding with the two numbers of a pair half a head apart.</summary>
internal static unsafe class Rotary
{
    /// <summary>Rotates one head times a factor; half a head is a multiple of 8.</summary>
    /// <remarks>No multiplication is fused with an addition, so all widths give the same bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rotate<S, V>(float* source, float* target, int half, float* cosine, float* sine, float factor)
        where S : ISimd<V>
        where V : struct
    {
        var factors = S.Create(factor);
        var i = 0;
        for (; i <= half - S.Width; i += S.Width)
        {
            var x = S.Multiply(S.Load(source + i), factors);
            var y = S.Multiply(S.Load(source + half + i), factors);
            var c = S.Load(cosine + i);
            var s = S.Load(sine + i);
            S.Store(S.Subtract(S.Multiply(x, c), S.Multiply(y, s)), target + i);
            S.Store(S.Add(S.Multiply(y, c), S.Multiply(x, s)), target + half + i);
        }

        for (; i < half; i++)
        {
            var (x, y) = (source[i] * factor, source[half + i] * factor);
            (target[i], target[half + i]) = ((x * cosine[i]) - (y * sine[i]), (y * cosine[i]) + (x * sine[i]));
        }
    }
}
