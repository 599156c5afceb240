using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Second pass; its items are <see cref="AttentionItem"/>: scores, softmax and the weighted sum of values.</summary>
/// <remarks>All scores of a row are there before its softmax, so nothing is rescaled and the order of sums never changes.</remarks>
internal sealed unsafe class AttendWork<S, V>(AttentionRun run) : ParallelWork
    where S : ISimd<V>
    where V : struct
{
    private const int Block = StepShape.BlockPositions;

    protected override void Run(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            RunItem(run.Items[i]);
        }
    }

    private void RunItem(AttentionItem item)
    {
        var shape = run.Shape;
        var position = shape.PastOf(item.Sequence) + item.First;
        var keys = position + item.Count;
        var blocks = (keys + Block - 1) / Block;
        var (stride, rows) = ((long)blocks * Block, item.Count * run.Group);
        var scratch = run.ScratchPool.Rent((((rows * stride) + rows) * sizeof(float)) + (2L * (blocks + 1) * sizeof(nint)));

        // 1. Lay out the scratch memory: scores, two lists of blocks, factors.
        var scores = (float*)scratch.Pointer;
        var keyBlocks = (ushort**)(scores + (rows * stride));
        var valueBlocks = keyBlocks + blocks + 1;
        var factors = (float*)(valueBlocks + blocks + 1);
        var table = shape.TableOf(item.Sequence);
        for (var i = 0; i < blocks; i++)
        {
            var offset = run.CacheOffset(table[i], item.KvHead);
            keyBlocks[i] = run.Keys + offset;
            valueBlocks[i] = run.Values + offset;
        }

        keyBlocks[blocks] = valueBlocks[0];
        valueBlocks[blocks] = valueBlocks[0];

        // 2. Tiles of even height: scores, softmax, values.
        var start = run.HeadOffset(item.KvHead, shape.First(item.Sequence) + item.First);
        var tiles = (rows + run.Tiles.MaxRows - 1) / run.Tiles.MaxRows;
        for (var tile = 0; tile < tiles; tile++)
        {
            var first = rows * tile / tiles;
            var count = (rows * (tile + 1) / tiles) - first;
            var rowScores = scores + (first * stride);
            var score = new ScoreTile
            {
                Queries = run.Queries + start + ((long)first * shape.HeadSize),
                Blocks = keyBlocks,
                BlockCount = blocks,
                Scores = rowScores,
                ScoreStrideBytes = stride * sizeof(float),
            };
            run.Tiles.Score(&score, count);
            for (var row = 0; row < count; row++)
            {
                var seen = position + ((first + row) / run.Group) + 1;
                factors[first + row] = Softmax.Run<S, V>(rowScores + (row * stride), seen, keys);
            }

            var mix = new MixTile
            {
                Weights = rowScores,
                WeightStrideBytes = stride * sizeof(float),
                Blocks = valueBlocks,
                Keys = keys,
                Output = run.Output + start + ((long)first * shape.HeadSize),
                Factors = factors + first,
            };
            run.Tiles.Mix(&mix, count);
        }

        run.ScratchPool.Return(scratch);
    }
}
