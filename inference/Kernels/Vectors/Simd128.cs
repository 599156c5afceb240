using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Serverless.Inference.Kernels.Vectors;

/// <summary>128-bit vectors, for any processor.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static int Width => 4;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Create(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* target) => value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Fma.IsSupported || AdvSimd.IsSupported ? Vector128.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);

    // The bits of magnitudes are in the order of the magnitudes, and those of NaN come last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaxMagnitude(Vector128<float> a, Vector128<float> b) =>
        Vector128.Max(a.AsInt32(), Vector128.Abs(b).AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargestMagnitude(Vector128<float> value)
    {
        var bits = value.AsInt32();
        return BitConverter.Int32BitsToSingle(Math.Max(Math.Max(bits[0], bits[1]), Math.Max(bits[2], bits[3])));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> value) =>
        MathF.Max(MathF.Max(value[0], value[1]), MathF.Max(value[2], value[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value) => (value[0] + value[1]) + (value[2] + value[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Exp(Vector128<float> value)
    {
        var x = Vector128.MinNative(Vector128.MaxNative(value, Vector128.Create(ExpCoefficients.Least)), Vector128.Create(ExpCoefficients.Most));
        var n = Vector128.Round(x * Vector128.Create(ExpCoefficients.InverseLn2));
        var r = MultiplyAdd(n, Vector128.Create(-ExpCoefficients.Ln2High), x);
        r = MultiplyAdd(n, Vector128.Create(-ExpCoefficients.Ln2Low), r);
        var p = MultiplyAdd(Vector128.Create(ExpCoefficients.C5), r, Vector128.Create(ExpCoefficients.C4));
        p = MultiplyAdd(p, r, Vector128.Create(ExpCoefficients.C3));
        p = MultiplyAdd(p, r, Vector128.Create(ExpCoefficients.C2));
        p = MultiplyAdd(p, r, Vector128.Create(ExpCoefficients.C1));
        p = MultiplyAdd(p, r, Vector128.Create(ExpCoefficients.C0));
        p = MultiplyAdd(p, r * r, r) + Vector128<float>.One;
        return (p.AsInt32() + (Vector128.ConvertToInt32Native(n) << 23)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Keep(Vector128<float> value, int count, Vector128<float> others) =>
        Vector128.ConditionalSelect(Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle(), value, others);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Vector128<float> value, ushort* target)
    {
        var bits = value.AsUInt32();
        var rounded = bits + Vector128.Create(0x7FFFu) + ((bits >>> 16) & Vector128<uint>.One);

        // Rounding could carry a NaN over into a number.
        rounded = Vector128.ConditionalSelect(Vector128.Equals(value, value).AsUInt32(), rounded, Vector128.Create(0x7FC0_0000u));
        Vector64.Narrow((rounded >>> 16).GetLower(), (rounded >>> 16).GetUpper()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(float* source, Vector128<float> factor, byte* target)
    {
        var low = Vector128.Narrow(Number(source, factor), Number(source + 4, factor));
        var high = Vector128.Narrow(Number(source + 8, factor), Number(source + 12, factor));
        Vector128.Narrow(low.AsUInt16(), high.AsUInt16()).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Number(float* source, Vector128<float> factor) =>
        Vector128.ConvertToInt32Native(Vector128.Round(Vector128.Load(source) * factor)) + Vector128.Create(128);
}
