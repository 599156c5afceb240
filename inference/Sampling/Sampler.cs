using System.Numerics.Tensors;

namespace Serverless.Inference.Sampling;

/// <summary>Chooses tokens; one instance serves one thread and keeps its working memory.</summary>
internal sealed class Sampler
{
    private readonly CandidateList _candidates = new();
    private double[] _sums = [];
    private float[] _unchanged = [];

    /// <summary>Chooses the token at <paramref name="position"/> of the generated sequence; changes <paramref name="row"/>.</summary>
    /// <exception cref="NotFiniteNumberException">The model's logits hold a NaN or an infinity.</exception>
    public SampledToken Choose(Span<float> row, SamplingOptions options, TokenHistory history, int position, int topLogprobs)
    {
        var raw = topLogprobs >= 0 ? RawDistribution(row, topLogprobs) : null;
        var unchanged = raw is null ? [] : Keep(row);

        history.Apply(row);
        var likeliest = TensorPrimitives.IndexOfMax<float>(row);
        if (!float.IsFinite(row[likeliest]))
        {
            throw new NotFiniteNumberException($"The model's logit of token {likeliest} is {row[likeliest]}.");
        }

        var token = options.Temperature == 0 ? likeliest : Draw(row, row[likeliest], options, position);
        return new(token, raw is { } r ? new(token, (float)(unchanged[token] - r.LogSum), r.Top) : null);
    }

    private ReadOnlySpan<float> Keep(ReadOnlySpan<float> row)
    {
        if (_unchanged.Length < row.Length)
        {
            _unchanged = new float[row.Length];
        }

        row.CopyTo(_unchanged);
        return _unchanged.AsSpan(0, row.Length);
    }

    private sealed record Raw(double LogSum, IReadOnlyList<TopLogprob> Top);

    private Raw RawDistribution(ReadOnlySpan<float> row, int count)
    {
        var max = TensorPrimitives.Max(row);
        var logSum = max + Math.Log(Distribution.SumOfExponentials(row, max, 1));
        var top = new TopLogprob[Math.Min(count, row.Length)];
        if (top.Length > 0)
        {
            _candidates.TakeLargest(row, top.Length);
            for (var i = 0; i < top.Length; i++)
            {
                var candidate = _candidates.Items[i];
                top[i] = new(candidate.Token, (float)(candidate.Logit - logSum));
            }
        }

        return new(logSum, top);
    }

    private int Draw(ReadOnlySpan<float> row, float max, SamplingOptions options, int position)
    {
        var scale = 1 / options.Temperature;
        var fraction = Philox.Uniform(options.Seed, position);
        if (!float.IsFinite(scale))
        {
            // A temperature so small that its inverse overflows is greedy in all but name.
            return TensorPrimitives.IndexOfMax(row);
        }

        if (options is { TopK: 0, TopP: >= 1, MinP: 0 })
        {
            return Distribution.Draw(row, max, scale, fraction, Sums(Distribution.SegmentCount(row.Length)));
        }

        var total = Gather(row, max, scale, options);
        return DrawFromCandidates(max, scale, total, options, fraction);
    }

    // Returns the sum of all weights that top_p measures itself against.
    private double Gather(ReadOnlySpan<float> row, float max, float scale, SamplingOptions options)
    {
        if (options.TopK > 0 && options.TopK < row.Length)
        {
            _candidates.TakeLargest(row, options.TopK);
            var kept = 0.0;
            foreach (var candidate in _candidates.Items)
            {
                kept += Weight(candidate, max, scale);
            }

            return kept;
        }

        // Tokens rarer than (1 - top_p) / vocabulary weigh less than 1 - top_p together, so none is needed to reach top_p.
        var total = Distribution.SumOfExponentials(row, max, scale);
        var rarest = Math.Max((1 - options.TopP) / (double)row.Length * total, options.MinP);
        _candidates.TakeAtLeast(row, rarest > 0 ? (float)(max + (Math.Log(rarest * 0.999) / scale)) : float.NegativeInfinity);
        _candidates.Sort();
        return total;
    }

    private int DrawFromCandidates(float max, float scale, double total, SamplingOptions options, double fraction)
    {
        var sums = Sums(_candidates.Count);
        var (count, sum, target) = (0, 0.0, options.TopP * total);
        foreach (var candidate in _candidates.Items)
        {
            var weight = Weight(candidate, max, scale);
            if (count > 0 && (sum >= target || weight < options.MinP))
            {
                break;
            }

            sums[count++] = sum += weight;
        }

        var drawn = sums[..count].BinarySearch(fraction * sum);
        // An exact hit belongs to the next token, as the interval of each is closed below and open above.
        drawn = drawn >= 0 ? drawn + 1 : ~drawn;
        return _candidates.Items[Math.Min(drawn, count - 1)].Token;
    }

    private static double Weight(Candidate candidate, float max, float scale) => MathF.Exp((candidate.Logit - max) * scale);

    private Span<double> Sums(int count)
    {
        if (_sums.Length < count)
        {
            _sums = new double[Math.Max(count, 2 * _sums.Length)];
        }

        return _sums.AsSpan(0, count);
    }
}

/// <summary>A chosen token, with the model's opinion of it where that was asked for.</summary>
internal readonly record struct SampledToken(int Token, TokenLogprob? Logprob);
