using Serverless.Inference.Sampling;

namespace Serverless.Inference.Scheduling;

/// <summary>What one step gave one sequence.</summary>
/// <param name="Request">The sequence, as it was submitted.</param>
/// <param name="Position">Index of the first new token in the generated sequence, resumed tokens included.</param>
/// <param name="Tokens">New tokens; empty only at an end that brings none.</param>
/// <param name="Text">Text that is safe to show: whole characters, and no part of a stop string.</param>
/// <param name="Logprobs">One for each token, when they were asked for.</param>
/// <param name="End">How the sequence ended, if it did; nothing follows for it.</param>
public sealed record SequenceOutput(
    SequenceRequest Request,
    int Position,
    IReadOnlyList<int> Tokens,
    string Text,
    IReadOnlyList<TokenLogprob>? Logprobs,
    SequenceEnd? End);

/// <summary>How a sequence ended, and what it used.</summary>
/// <param name="Reason">Why it ended.</param>
/// <param name="Error">What went wrong, exactly when <paramref name="Reason"/> is <see cref="FinishReason.Failed"/>.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedPromptTokens">Those of them that were not computed again, because the prefix cache had them.</param>
/// <param name="CompletionTokens">Generated tokens, resumed ones included; an end-of-sequence token that ended it is not counted.</param>
public sealed record SequenceEnd(
    FinishReason Reason,
    string? Error,
    int PromptTokens,
    int CachedPromptTokens,
    int CompletionTokens);

public enum FinishReason
{
    /// <summary>The model ended it, or a stop string appeared.</summary>
    Stop,

    /// <summary>It has as many tokens as it may.</summary>
    Length,

    Cancelled,

    Failed,
}
