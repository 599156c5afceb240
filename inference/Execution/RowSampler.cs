using Serverless.Inference.Sampling;

namespace Serverless.Inference.Execution;

/// <summary>Chooses the next token of every row of a step, on several threads when there is enough to do.</summary>
/// <remarks>Rows are independent, so the split changes nothing.</remarks>
internal sealed class RowSampler
{
    private const int RowsWorthThreads = 4;
    private readonly Sampler[] _samplers;

    public RowSampler(int threads) => _samplers = [.. Enumerable.Range(0, threads).Select(_ => new Sampler())];

    public Outcome[] Choose(IReadOnlyList<Choice> choices, Memory<float> logits, int vocabulary)
    {
        var outcomes = new Outcome[choices.Count];
        var threads = choices.Count(IsCostly) >= RowsWorthThreads ? _samplers.Length : 1;
        if (threads == 1)
        {
            ChooseEvery(0, 1);
        }
        else
        {
            Parallel.For(0, threads, first => ChooseEvery(first, threads));
        }

        return outcomes;

        void ChooseEvery(int first, int stride)
        {
            for (var i = first; i < choices.Count; i += stride)
            {
                outcomes[i] = ChooseOne(_samplers[first], choices[i], logits.Span.Slice(i * vocabulary, vocabulary));
            }
        }
    }

    // The likeliest token is found in a few microseconds; everything else needs exponentials.
    private static bool IsCostly(Choice choice) => choice.Request is { Sampling.Temperature: > 0 } or { TopLogprobs: >= 0 };

    private static Outcome ChooseOne(Sampler sampler, Choice choice, Span<float> row)
    {
        var request = choice.Request;
        try
        {
            return new(
                sampler.Choose(row, request.Sampling, choice.History, choice.Sequence.GeneratedTokens, request.TopLogprobs), null);
        }
        catch (NotFiniteNumberException error)
        {
            return new(default, error.Message);
        }
    }

    /// <summary>A token, or why there is none.</summary>
    internal readonly record struct Outcome(SampledToken Sampled, string? Error);
}
