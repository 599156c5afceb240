using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>Computes steps. It sees no queue; what a step consists of is the plan's business.</summary>
internal interface IModelRunner : IDisposable
{
    ModelLimits Limits { get; }

    /// <summary>Runs a step.</summary>
    /// <returns>
    /// Logits, one row of <see cref="ModelLimits.Vocabulary"/> for each slice that wants them, in the plan's order. The
    /// memory may be written to and is reused by the next run.
    /// </returns>
    /// <exception cref="ModelException">The step could not run; the next one may.</exception>
    Memory<float> Run(StepPlan plan);
}
