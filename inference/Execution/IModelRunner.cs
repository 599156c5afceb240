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

/// <summary>What a model can take.</summary>
/// <param name="Vocabulary">Tokens are 0 to this, exclusive.</param>
/// <param name="ContextLength">The longest sequence, in tokens.</param>
/// <param name="Blocks">Blocks of its key/value cache.</param>
/// <param name="EosTokens">Tokens that end a sequence.</param>
internal sealed record ModelLimits(int Vocabulary, int ContextLength, int Blocks, IReadOnlyList<int> EosTokens);
