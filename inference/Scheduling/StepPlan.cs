namespace Serverless.Inference.Scheduling;

/// <summary>What one step computes: decodes first, then pieces of prompts.</summary>
internal sealed record StepPlan(IReadOnlyList<Slice> Slices)
{
    public static StepPlan Empty { get; } = new([]);

    public bool IsEmpty => Slices.Count == 0;

    /// <summary>Tokens that the step computes.</summary>
    public int Tokens { get; } = Slices.Sum(slice => slice.Count);

    /// <summary>Slices that end with a sequence's last token, so that the model says what comes next.</summary>
    public int LogitRows { get; } = Slices.Count(slice => slice.WantsLogits);
}

/// <summary><paramref name="Count"/> tokens of a sequence, from token <paramref name="Start"/> on.</summary>
internal readonly record struct Slice(Sequence Sequence, int Start, int Count, bool WantsLogits);
