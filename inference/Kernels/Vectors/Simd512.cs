using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Serverless.Inference.Kernels.Vectors;

/// <summary>512-bit vectors, for processors with AVX-512.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Width => 16;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Avx512F.Max(a, b);

    // The bits of magnitudes are in the order of the magnitudes, and those of NaN come last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MaxMagnitude(Vector512<float> a, Vector512<float> b) =>
        Vector512.Max(a.AsInt32(), Vector512.Abs(b).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargestMagnitude(Vector512<float> value) =>
        Simd256.LargestMagnitude(Vector256.Max(value.GetLower().AsInt32(), value.GetUpper().AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector512<float> value) => Simd256.Largest(Avx.Max(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Simd256.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> value)
    {
        var x = Vector512.MinNative(Vector512.MaxNative(value, Vector512.Create(ExpCoefficients.Least)), Vector512.Create(ExpCoefficients.Most));
        var n = Avx512F.RoundScale(x * Vector512.Create(ExpCoefficients.InverseLn2), 0x08);
        var r = MultiplyAdd(n, Vector512.Create(-ExpCoefficients.Ln2High), x);
        r = MultiplyAdd(n, Vector512.Create(-ExpCoefficients.Ln2Low), r);
        var p = MultiplyAdd(Vector512.Create(ExpCoefficients.C5), r, Vector512.Create(ExpCoefficients.C4));
        p = MultiplyAdd(p, r, Vector512.Create(ExpCoefficients.C3));
        p = MultiplyAdd(p, r, Vector512.Create(ExpCoefficients.C2));
        p = MultiplyAdd(p, r, Vector512.Create(ExpCoefficients.C1));
        p = MultiplyAdd(p, r, Vector512.Create(ExpCoefficients.C0));
        p = MultiplyAdd(p, r * r, r) + Vector512<float>.One;
        return Avx512F.Scale(p, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Keep(Vector512<float> value, int count, Vector512<float> others) =>
        Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle(), value, others);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector512<float> value, ushort* target)
    {
        var bits = value.AsUInt32();
        var rounded = bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One);

        // Rounding could carry a NaN over into a number.
        rounded = Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, Vector512.Create(0x7FC0_0000u));
        Avx512F.ConvertToVector256UInt16(rounded >>> 16).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(float* source, Vector512<float> factor, byte* target)
    {
        var numbers = Avx512F.ConvertToVector512Int32(Vector512.Load(source) * factor) + Vector512.Create(128);
        Avx512F.ConvertToVector128ByteWithSaturation(numbers.AsUInt32()).Store(target);
    }
}
