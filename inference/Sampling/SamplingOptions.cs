namespace Serverless.Inference.Sampling;

/// <summary>How the next token is chosen from the model's distribution.</summary>
/// <remarks>
/// Applied in this order: <see cref="LogitBias"/>, <see cref="RepetitionPenalty"/>, <see cref="FrequencyPenalty"/> and
/// <see cref="PresencePenalty"/>, <see cref="Temperature"/>, then the smallest of the sets that <see cref="TopK"/>,
/// <see cref="TopP"/> and <see cref="MinP"/> keep.
/// </remarks>
public sealed record SamplingOptions
{
    /// <summary>0 takes the likeliest token, the lowest id among equals; above 0 flattens. The default is 1.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the likeliest tokens that together reach this probability. The default, 1, keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps this many of the likeliest tokens. The default, 0, keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps tokens at least this fraction as likely as the likeliest. The default, 0, keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Taken once from the logit of every token already generated. The default is 0.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken from a token's logit for each time it was generated. The default is 0.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens in the prompt or generated. The default is 1.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Added to the logits of single tokens, by token id.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>With the position, decides every random choice: the same seed gives the same tokens.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Says what is wrong with the values, one sentence for each; none when all are in range.</summary>
    public IEnumerable<string> Problems(int vocabulary)
    {
        (string Name, float Value, float Low, float High)[] ranges =
        [
            ("temperature", Temperature, 0, 100),
            ("top_p", TopP, 0, 1),
            ("min_p", MinP, 0, 1),
            ("presence_penalty", PresencePenalty, -100, 100),
            ("frequency_penalty", FrequencyPenalty, -100, 100),
            ("repetition_penalty", RepetitionPenalty, 0.01f, 100),
        ];
        foreach (var (name, value, low, high) in ranges)
        {
            // Written so that a NaN is out of range.
            if (!(value >= low && value <= high))
            {
                yield return $"{name} is {value}; it must be from {low} to {high}.";
            }
        }

        if (TopK < 0)
        {
            yield return $"top_k is {TopK}; it must be 0 (all tokens) or more.";
        }

        foreach (var (token, bias) in LogitBias ?? new Dictionary<int, float>())
        {
            if (token < 0 || token >= vocabulary)
            {
                yield return $"logit_bias names token {token}; the vocabulary has tokens 0 to {vocabulary - 1}.";
            }
            else if (!(bias >= -100 && bias <= 100))
            {
                yield return $"logit_bias of token {token} is {bias}; it must be from -100 to 100.";
            }
        }
    }
}
