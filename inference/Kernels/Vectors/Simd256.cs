using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Serverless.Inference.Kernels.Vectors;

/// <summary>256-bit vectors, for processors with AVX2 and FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static int Width => 8;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Avx.Max(a, b);

    // The bits of magnitudes are in the order of the magnitudes, and those of NaN come last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MaxMagnitude(Vector256<float> a, Vector256<float> b) =>
        Vector256.Max(a.AsInt32(), Vector256.Abs(b).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargestMagnitude(Vector256<float> value) =>
        Simd128.LargestMagnitude(Vector128.Max(value.GetLower().AsInt32(), value.GetUpper().AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> value) => Simd128.Largest(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Simd128.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> value)
    {
        var x = Vector256.MinNative(Vector256.MaxNative(value, Vector256.Create(ExpCoefficients.Least)), Vector256.Create(ExpCoefficients.Most));
        var n = Avx.RoundToNearestInteger(x * Vector256.Create(ExpCoefficients.InverseLn2));
        var r = MultiplyAdd(n, Vector256.Create(-ExpCoefficients.Ln2High), x);
        r = MultiplyAdd(n, Vector256.Create(-ExpCoefficients.Ln2Low), r);
        var p = MultiplyAdd(Vector256.Create(ExpCoefficients.C5), r, Vector256.Create(ExpCoefficients.C4));
        p = MultiplyAdd(p, r, Vector256.Create(ExpCoefficients.C3));
        p = MultiplyAdd(p, r, Vector256.Create(ExpCoefficients.C2));
        p = MultiplyAdd(p, r, Vector256.Create(ExpCoefficients.C1));
        p = MultiplyAdd(p, r, Vector256.Create(ExpCoefficients.C0));
        p = MultiplyAdd(p, r * r, r) + Vector256<float>.One;
        return (p.AsInt32() + (Vector256.ConvertToInt32Native(n) << 23)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Keep(Vector256<float> value, int count, Vector256<float> others) =>
        Vector256.ConditionalSelect(Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle(), value, others);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector256<float> value, ushort* target)
    {
        var bits = value.AsUInt32();
        var rounded = bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One);

        // Rounding could carry a NaN over into a number.
        rounded = Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, Vector256.Create(0x7FC0_0000u));
        Vector128.Narrow((rounded >>> 16).GetLower(), (rounded >>> 16).GetUpper()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(float* source, Vector256<float> factor, byte* target)
    {
        var low = Avx.ConvertToVector256Int32(Vector256.Load(source) * factor) + Vector256.Create(128);
        var high = Avx.ConvertToVector256Int32(Vector256.Load(source + 8) * factor) + Vector256.Create(128);

        // Packing works within halves, so its middle quarters change places.
        var words = Avx2.Permute4x64(Avx2.PackSignedSaturate(low, high).AsInt64(), 0b11_01_10_00).AsInt16();
        Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper()).Store(target);
    }
}
