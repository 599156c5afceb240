namespace Serverless.Inference.Execution;

/// <summary>What the engine is doing, as of its last step.</summary>
public sealed record EngineStatistics
{
    /// <summary>Sequences that have not started.</summary>
    public int Waiting { get; init; }

    public int Running { get; init; }

    /// <summary>How many more sequences would start at once; a worker takes no more than these.</summary>
    public int FreeSequences { get; init; }

    /// <summary>Blocks of the key/value cache, of 32 tokens each.</summary>
    public int Blocks { get; init; }

    /// <summary>Blocks that nobody holds, those kept as prefix cache included.</summary>
    public int FreeBlocks { get; init; }

    public long Steps { get; init; }

    /// <summary>Prompt tokens of the sequences that have started.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Those of them that the prefix cache had.</summary>
    public long CachedPromptTokens { get; init; }

    public long GeneratedTokens { get; init; }

    /// <summary>How often a sequence gave its memory up for an older one and was computed again.</summary>
    public long Preemptions { get; init; }

    /// <summary>Time spent in steps.</summary>
    public TimeSpan Busy { get; init; }
}
