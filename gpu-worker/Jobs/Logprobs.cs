using Serverless.Core.Jobs;
using Serverless.Inference.Tokenization;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Says the engine's log-probabilities in the words of core: bytes in place of token ids.</summary>
internal static class Logprobs
{
    public static IReadOnlyList<TokenLogprob>? ToCore(IReadOnlyList<Inference.Sampling.TokenLogprob>? tokens, Tokenizer tokenizer) =>
        tokens is null ? null : [.. tokens.Select(token => Say(token.Token, token.Logprob, tokenizer) with
        {
            Top = [.. token.Top.Select(other => Say(other.Token, other.Logprob, tokenizer))],
        })];

    private static TokenLogprob Say(int token, float logprob, Tokenizer tokenizer) => new()
    {
        Bytes = tokenizer.TokenBytes(token).ToArray(),
        // JSON has no infinity; a token that the model rules out is as unlikely as a number can say.
        Logprob = Math.Max(logprob, -9999f),
    };
}
