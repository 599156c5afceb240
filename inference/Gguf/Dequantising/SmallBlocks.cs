using System.Runtime.InteropServices;

namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>Blocks of 32 with one scale, and in the *_1 formats one minimum.</summary>
/// <remarks>Low nibbles hold the first 16 values, high nibbles the last 16; the 5-bit formats keep their top bits in one word.</remarks>
internal static class SmallBlocks
{
    private const int Elements = 32;

    public static void Q4_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[18..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks);
            for (var i = 0; i < 16; i++)
            {
                int pair = blocks[2 + i];
                values[i] = scale * ((pair & 15) - 8);
                values[i + 16] = scale * ((pair >> 4) - 8);
            }
        }
    }

    public static void Q4_1(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[20..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks);
            var minimum = PlainBlocks.Half(blocks[2..]);
            for (var i = 0; i < 16; i++)
            {
                int pair = blocks[4 + i];
                values[i] = (scale * (pair & 15)) + minimum;
                values[i + 16] = (scale * (pair >> 4)) + minimum;
            }
        }
    }

    public static void Q5_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[22..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks);
            var top = MemoryMarshal.Read<uint>(blocks[2..]);
            for (var i = 0; i < 16; i++)
            {
                int pair = blocks[6 + i];
                values[i] = scale * (Low(pair, top, i) - 16);
                values[i + 16] = scale * (High(pair, top, i) - 16);
            }
        }
    }

    public static void Q5_1(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[24..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks);
            var minimum = PlainBlocks.Half(blocks[2..]);
            var top = MemoryMarshal.Read<uint>(blocks[4..]);
            for (var i = 0; i < 16; i++)
            {
                int pair = blocks[8 + i];
                values[i] = (scale * Low(pair, top, i)) + minimum;
                values[i + 16] = (scale * High(pair, top, i)) + minimum;
            }
        }
    }

    public static void Q8_0(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; blocks.Length > 0; blocks = blocks[34..], values = values[Elements..])
        {
            var scale = PlainBlocks.Half(blocks);
            for (var i = 0; i < Elements; i++)
            {
                values[i] = scale * (sbyte)blocks[2 + i];
            }
        }
    }

    private static int Low(int pair, uint top, int i) => (pair & 15) | (int)(((top >> i) & 1) << 4);

    private static int High(int pair, uint top, int i) => (pair >> 4) | (int)(((top >> (i + 16)) & 1) << 4);
}
