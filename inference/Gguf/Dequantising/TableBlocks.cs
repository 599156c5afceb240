namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>Formats whose four bits are an index into a table of values.</summary>
internal static class TableBlocks
{
    private static ReadOnlySpan<sbyte> NonLinear => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    // Twice the values of a 4-bit float (two exponent bits, one of mantissa), so that they are whole.
    private static ReadOnlySpan<sbyte> TwiceFloat4 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void IQ4_NL(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[18..], values = values[32..])
        {
            Group(blocks.Slice(2, 16), PlainBlocks.Half(blocks), NonLinear, values);
        }
    }

    /// <summary>Scale, top pairs of bits of eight scales[2], their low nibbles[4], values[128].</summary>
    public static void IQ4_XS(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[136..], values = values[256..])
        {
            var scale = PlainBlocks.Half(blocks);
            var tops = blocks[2] | (blocks[3] << 8);
            for (var group = 0; group < 8; group++)
            {
                var low = (blocks[4 + (group / 2)] >> (group % 2 * 4)) & 15;
                var top = (tops >> (2 * group)) & 3;
                Group(blocks.Slice(8 + (group * 16), 16), scale * ((low | (top << 4)) - 32), NonLinear, values[(group * 32)..]);
            }
        }
    }

    /// <summary>A power-of-two scale of eight bits, values[16].</summary>
    public static void MXFP4(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[17..], values = values[32..])
        {
            Group(blocks.Slice(1, 16), HalfOfPower(blocks[0]), TwiceFloat4, values);
        }
    }

    private static void Group(ReadOnlySpan<byte> pairs, float scale, ReadOnlySpan<sbyte> table, Span<float> values)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            values[i] = scale * table[pairs[i] & 15];
            values[i + 16] = scale * table[pairs[i] >> 4];
        }
    }

    // 2^(exponent-128) as bits; the two smallest are subnormal.
    private static float HalfOfPower(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x00200000u << exponent : (uint)(exponent - 1) << 23);
}
