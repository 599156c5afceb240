using System.Runtime.CompilerServices;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Rows;

/// <summary>Turns floats into bytes around 128, so that the row's largest magnitude becomes 127.</summary>
internal static unsafe class Quantise
{
    /// <summary>How many values are stored together; rows are worked on in steps of this.</summary>
    public const int Step = 16;

    // Below this a factor of 127 / largest could overflow; such a row is as good as zero.
    private const float Least = 1e-30f;

    /// <summary>What each value is multiplied by; 0 for a row of zeros and for one with NaN or infinity.</summary>
    public static float Factor(float largest) => largest >= Least ? 127 / largest : 0;

    /// <summary>Stores <paramref name="count"/> values, any number, as bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<S, V>(float* source, byte* target, int count, float factor)
        where S : ISimd<V>
        where V : struct
    {
        var factors = S.Create(factor);
        var i = 0;
        for (; i <= count - Step; i += Step)
        {
            S.StoreBytes(source + i, factors, target + i);
        }

        if (i < count)
        {
            var values = stackalloc float[Step];
            var bytes = stackalloc byte[Step];
            Padded.Load(source + i, count - i, values);
            S.StoreBytes(values, factors, bytes);
            new ReadOnlySpan<byte>(bytes, count - i).CopyTo(new(target + i, count - i));
        }
    }
}
