using Serverless.Inference.Execution;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Model;

/// <summary>A real model, one of whose steps is given a cache block that does not exist: an operator throws amid the run.</summary>
internal sealed class FaultyRunner(IModelRunner inner, Func<StepPlan, bool> isBad) : IModelRunner
{
    private const int NoSuchBlock = 1 << 24;

    public ModelLimits Limits => inner.Limits;

    public Memory<float> Run(StepPlan plan)
    {
        if (!isBad(plan))
        {
            return inner.Run(plan);
        }

        var blocks = plan.Slices[0].Sequence.Blocks;
        var first = blocks[0];
        blocks[0] = NoSuchBlock;
        try
        {
            return inner.Run(plan);
        }
        finally
        {
            blocks[0] = first;
        }
    }

    public void Dispose() => inner.Dispose();
}
