namespace Serverless.Core.Jobs;

/// <summary>How a job ended; created once as <c>result.json</c> in the job's folder, which is the moment the job is done.</summary>
public sealed record JobResult
{
    public required JobId Id { get; init; }

    public required string Tenant { get; init; }

    public required string Deployment { get; init; }

    public required JobState State { get; init; }

    /// <summary>One per requested choice, in the order of their index; partial where the job did not succeed.</summary>
    public IReadOnlyList<Choice> Choices { get; init; } = [];

    public TokenUsage Usage { get; init; } = new();

    public JobError? Error { get; init; }

    public ulong Seed { get; init; }

    /// <summary>Names the model's bytes and precision: equal fingerprints and seeds give equal text.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>When the first worker claimed the job; null when none did.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The claim that wrote this result; 0 when no worker did.</summary>
    public long Epoch { get; init; }

    /// <summary>How many events of the list told this result, the end not counted.</summary>
    public long Events { get; init; }
}

/// <summary>One generated text.</summary>
public sealed record Choice
{
    public required int Index { get; init; }

    public required string Text { get; init; }

    /// <summary><c>stop</c> or <c>length</c>; null when generation was cut off.</summary>
    public string? FinishReason { get; init; }

    public IReadOnlyList<TokenLogprob>? Logprobs { get; init; }
}

/// <summary>What a job consumed, in tokens.</summary>
public sealed record TokenUsage
{
    public int PromptTokens { get; init; }

    /// <summary>Prompt tokens whose keys and values were already in the engine's cache; at most <see cref="PromptTokens"/>.</summary>
    public int CachedPromptTokens { get; init; }

    public int CompletionTokens { get; init; }
}

/// <summary>A generated token, its log-probability (natural logarithm) and the likeliest alternatives.</summary>
public sealed record TokenLogprob
{
    /// <summary>The token's bytes, which may be part of a character.</summary>
    public required byte[] Bytes { get; init; }

    public required float Logprob { get; init; }

    public IReadOnlyList<TokenLogprob> Top { get; init; } = [];
}
