using Serverless.Inference.Kernels.Rows;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Third pass; its items are rows: gathers a row's heads and quantises them by their common maximum.</summary>
internal sealed unsafe class FinishWork<S, V>(AttentionRun run) : ParallelWork
    where S : ISimd<V>
    where V : struct
{
    protected override void Run(int from, int to)
    {
        var width = run.Group * run.Shape.HeadSize;
        for (var row = from; row < to; row++)
        {
            var largest = S.Zero;
            for (var head = 0; head < run.KvHeads; head++)
            {
                var values = run.Output + run.HeadOffset(head, row);
                for (var i = 0; i < width; i += S.Width)
                {
                    largest = S.MaxMagnitude(largest, S.Load(values + i));
                }
            }

            var rowMax = S.LargestMagnitude(largest);
            var factor = Quantise.Factor(rowMax);
            var target = run.U + ((long)row * width * run.KvHeads);
            for (var head = 0; head < run.KvHeads; head++)
            {
                Quantise.Store<S, V>(run.Output + run.HeadOffset(head, row), target + (head * width), width, factor);
            }

            run.MOut[row] = rowMax;
        }
    }
}
