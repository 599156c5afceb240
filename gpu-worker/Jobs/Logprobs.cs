namespace Serverless.GpuWorker.Jobs;

/// <summary>Says the engine's log-probabilities in the words of core.</summary>
internal static class Logprobs
{
    public static Core.Jobs.TokenLogprob ToCore(Inference.Sampling.TokenLogprob token) => new()
    {
        Bytes = token.Bytes,
        Logprob = token.Logprob,
        Top = [.. token.Top.Select(ToCore)],
    };
}
