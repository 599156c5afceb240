using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>Floating-point numbers stored one by one.</summary>
internal static class PlainBlocks
{
    public static void F32(ReadOnlySpan<byte> blocks, Span<float> values) => blocks.CopyTo(MemoryMarshal.AsBytes(values));

    public static void F16(ReadOnlySpan<byte> blocks, Span<float> values) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(blocks), values);

    public static void BF16(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (var i = 0; i < halves.Length; i++)
        {
            values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
        }
    }

    /// <summary>The half-precision number at the start of <paramref name="bytes"/>.</summary>
    public static float Half(ReadOnlySpan<byte> bytes) => (float)MemoryMarshal.Read<Half>(bytes);
}
