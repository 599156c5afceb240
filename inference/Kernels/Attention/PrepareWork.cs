using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>First pass; its items are rows: rotates queries into scratch, keys and values into the cache.</summary>
internal sealed unsafe class PrepareWork<S, V>(AttentionRun run) : ParallelWork
    where S : ISimd<V>
    where V : struct
{
    private const int GroupKeys = 16;
    private const int LineBytes = 64;

    protected override void Run(int from, int to)
    {
        var size = run.Shape.HeadSize;
        var scratch = run.ScratchPool.Rent(size * ((2 * sizeof(float)) + sizeof(ushort)));
        var adjusted = (float*)scratch.Pointer;
        for (var row = from; row < to; row++)
        {
            RunRow(row, adjusted, adjusted + size, (ushort*)(adjusted + (2 * size)));
        }

        run.ScratchPool.Return(scratch);
    }

    private void RunRow(int row, float* adjusted, float* rotated, ushort* rounded)
    {
        var (shape, size, group) = (run.Shape, run.Shape.HeadSize, run.Group);
        var sequence = run.SequenceOf[row];
        var position = shape.PastOf(sequence) + row - shape.First(sequence);
        var block = shape.TableOf(sequence)[position / StepShape.BlockPositions];
        var slot = position % StepShape.BlockPositions;
        var adjustment = run.Adjustment;
        var source = run.Qkv + ((long)row * (run.Heads + (2 * run.KvHeads)) * size);
        var (cosine, sine) = ((nint)(shape.Cos + ((long)position * (size / 2))), (nint)(shape.Sin + ((long)position * (size / 2))));
        var m = run.M[row];

        // A key goes to many lines of the cache, each of which would be waited for when it is written.
        for (var head = 0; head < run.KvHeads; head++)
        {
            var keys = (byte*)(run.Keys + run.CacheOffset(block, head) + (slot / GroupKeys * GroupKeys * size));
            for (var line = 0; line < size * GroupKeys * sizeof(ushort); line += LineBytes)
            {
                Fetch(keys + line);
            }
        }

        for (var head = 0; head < run.Heads; head++)
        {
            var target = run.Queries + run.HeadOffset(head / group, row) + (head % group * size);
            if (adjustment.Bias is null && adjustment.QueryGains is null)
            {
                Rotary.Rotate<S, V>(source + (head * size), target, size / 2, (float*)cosine, (float*)sine, m * run.Scale);
            }
            else
            {
                adjustment.Apply<S, V>(source + (head * size), m, head, adjustment.QueryGains, size, adjusted);
                Rotary.Rotate<S, V>(adjusted, target, size / 2, (float*)cosine, (float*)sine, run.Scale);
            }
        }

        for (var head = 0; head < run.KvHeads; head++)
        {
            var (keyHead, valueHead) = (run.Heads + head, run.Heads + run.KvHeads + head);
            if (adjustment.Bias is null && adjustment.KeyGains is null)
            {
                Rotary.Rotate<S, V>(source + (keyHead * size), rotated, size / 2, (float*)cosine, (float*)sine, m);
            }
            else
            {
                adjustment.Apply<S, V>(source + (keyHead * size), m, keyHead, adjustment.KeyGains, size, adjusted);
                Rotary.Rotate<S, V>(adjusted, rotated, size / 2, (float*)cosine, (float*)sine, 1);
            }

            for (var i = 0; i < size; i += S.Width)
            {
                S.StoreBFloat16(S.Load(rotated + i), rounded + i);
            }

            var offset = run.CacheOffset(block, head);
            var key = run.Keys + offset + (slot / GroupKeys * GroupKeys * size) + (slot % GroupKeys);
            for (var i = 0; i < size; i++)
            {
                key[i * GroupKeys] = rounded[i];
            }

            adjustment.Apply<S, V>(source + (valueHead * size), m, valueHead, null, size, adjusted);
            for (var i = 0; i < size; i += S.Width)
            {
                S.StoreBFloat16(S.Load(adjusted + i), run.Values + offset + (slot * size) + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* line)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(line);
        }
    }
}
