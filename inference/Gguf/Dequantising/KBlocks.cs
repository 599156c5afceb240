namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>Super-blocks of 256: sub-blocks with small integer scales under one or two half-precision ones.</summary>
internal static class KBlocks
{
    private const int Elements = 256;

    /// <summary>Scales[16] (4 bits scale, 4 bits minimum), values[64] of 2 bits, scale, scale of minima.</summary>
    public static void Q2_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[84..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks[80..]);
            var minimum = PlainBlocks.Half(blocks[82..]);
            for (var i = 0; i < Elements; i++)
            {
                int sub = blocks[i / 16];
                var bits = (blocks[16 + (i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;
                values[i] = (scale * (sub & 15) * bits) - (minimum * (sub >> 4));
            }
        }
    }

    /// <summary>Top bits[32], values[64] of 2 bits, scales[12] of 6 bits, scale.</summary>
    public static void Q3_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[110..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks[108..]);
            for (var i = 0; i < Elements; i++)
            {
                var group = i / 16;
                var low = group < 8 ? blocks[96 + group] & 15 : blocks[88 + group] >> 4;
                var high = (blocks[104 + (group % 4)] >> (group / 4 * 2)) & 3;
                var bits = (blocks[32 + (i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;
                var top = (blocks[i % 32] >> (i / 32)) & 1;
                values[i] = scale * ((low | (high << 4)) - 32) * (bits - (top == 1 ? 0 : 4));
            }
        }
    }

    /// <summary>Scale, scale of minima, 6-bit scales and minima[12], values[128] of 4 bits.</summary>
    public static void Q4_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[144..], values = values[Elements..])
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = ScaleAndMinimum(blocks, group);
                var nibbles = blocks.Slice(16 + (group / 2 * 32), 32);
                for (var i = 0; i < 32; i++)
                {
                    values[(group * 32) + i] = (scale * ((nibbles[i] >> (group % 2 * 4)) & 15)) - minimum;
                }
            }
        }
    }

    /// <summary>As Q4_K, with top bits[32] before the values.</summary>
    public static void Q5_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[176..], values = values[Elements..])
        {
            for (var group = 0; group < 8; group++)
            {
                var (scale, minimum) = ScaleAndMinimum(blocks, group);
                var nibbles = blocks.Slice(48 + (group / 2 * 32), 32);
                for (var i = 0; i < 32; i++)
                {
                    var low = (nibbles[i] >> (group % 2 * 4)) & 15;
                    var top = (blocks[16 + i] >> group) & 1;
                    values[(group * 32) + i] = (scale * (low | (top << 4))) - minimum;
                }
            }
        }
    }

    /// <summary>Low nibbles[128], top pairs of bits[64], signed 8-bit scales[16], scale.</summary>
    public static void Q6_K(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[210..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks[208..]);
            for (var i = 0; i < Elements; i++)
            {
                var half = i / 128;
                var low = (blocks[(half * 64) + (i % 64)] >> (i % 128 / 64 * 4)) & 15;
                var top = (blocks[128 + (half * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;
                values[i] = scale * (sbyte)blocks[192 + (i / 16)] * ((low | (top << 4)) - 32);
            }
        }
    }

    // Groups 0-3 keep their 6 bits whole; groups 4-7 keep 4 here and 2 in the top bits of the first eight bytes.
    private static (float Scale, float Minimum) ScaleAndMinimum(ReadOnlySpan<byte> block, int group)
    {
        var packed = block.Slice(4, 12);
        var (scale, minimum) = group < 4
            ? (packed[group] & 63, packed[group + 4] & 63)
            : ((packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4), (packed[group + 4] >> 4) | (packed[group] >> 6 << 4));
        return (PlainBlocks.Half(block) * scale, PlainBlocks.Half(block[2..]) * minimum);
    }
}
