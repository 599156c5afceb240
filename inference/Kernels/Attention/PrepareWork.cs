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
        var scratch = run.ScratchPool.Rent(size * (sizeof(float) + sizeof(ushort)));
        var rotated = (float*)scratch.Pointer;
        for (var row = from; row < to; row++)
        {
            RunRow(row, rotated, (ushort*)(rotated + size));
        }

        run.ScratchPool.Return(scratch);
    }

    private void RunRow(int row, float* rotated, ushort* rounded)
    {
        var (shape, size, group) = (run.Shape, run.Shape.HeadSize, run.Group);
        var sequence = run.SequenceOf[row];
        var position = shape.PastOf(sequence) + row - shape.First(sequence);
        var block = shape.TableOf(sequence)[position / StepShape.BlockPositions];
        var slot = position % StepShape.BlockPositions;
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
            Rotary.Rotate<S, V>(source + (head * size), target, size / 2, (float*)cosine, (float*)sine, m * run.Scale);
        }

        for (var head = 0; head < run.KvHeads; head++)
        {
            Rotary.Rotate<S, V>(source + ((run.Heads + head) * size), rotated, size / 2, (float*)cosine, (float*)sine, m);
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

            var value = source + ((run.Heads + run.KvHeads + head) * size);
            var factors = S.Create(m);
            for (var i = 0; i < size; i += S.Width)
            {
                S.StoreBFloat16(S.Multiply(S.Load(value + i), factors), run.Values + offset + (slot * size) + i);
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
