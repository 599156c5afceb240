namespace Serverless.Inference.Sampling;

/// <summary>Which tokens a sequence has seen, as far as its penalties need to know.</summary>
internal sealed class TokenHistory
{
    private readonly SamplingOptions _options;
    private readonly Dictionary<int, int> _generated = [];
    private readonly HashSet<int> _seen = [];

    public TokenHistory(SamplingOptions options, IEnumerable<int> prompt)
    {
        _options = options;
        if (options.RepetitionPenalty != 1)
        {
            _seen.UnionWith(prompt);
        }
    }

    public void Add(int token)
    {
        if (_options.RepetitionPenalty != 1)
        {
            _seen.Add(token);
        }

        if (_options.PresencePenalty != 0 || _options.FrequencyPenalty != 0)
        {
            _generated[token] = _generated.GetValueOrDefault(token) + 1;
        }
    }

    /// <summary>Changes the logits in place as the options ask.</summary>
    public void Apply(Span<float> row)
    {
        if (_options.LogitBias is { } biases)
        {
            foreach (var (token, bias) in biases)
            {
                row[token] += bias;
            }
        }

        foreach (var token in _seen)
        {
            row[token] = row[token] > 0 ? row[token] / _options.RepetitionPenalty : row[token] * _options.RepetitionPenalty;
        }

        foreach (var (token, count) in _generated)
        {
            row[token] -= (count * _options.FrequencyPenalty) + _options.PresencePenalty;
        }
    }
}
