using Serverless.Inference.Sampling;

namespace Serverless.Inference.Scheduling;

/// <summary>Everything that shapes one choice of one job.</summary>
public sealed record SequenceRequest
{
    public const int MaxTopLogprobs = 20;

    /// <summary>Unique among the sequences that the engine has.</summary>
    public required string Id { get; init; }

    /// <summary>At least one token.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Tokens that an earlier attempt produced; the sequence goes on after them, and their text is not given again.</summary>
    public IReadOnlyList<int> Generated { get; init; } = [];

    public required SamplingOptions Sampling { get; init; }

    /// <summary>The most tokens to generate, those of <see cref="Generated"/> included.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Ends the sequence where one of these appears; the text is cut before it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Goes on past the model's end-of-sequence tokens; they are then tokens without text. The default is false.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>-1, the default, gives no log-probabilities; 0 to 20 gives that of each token and of so many likeliest ones.</summary>
    public int TopLogprobs { get; init; } = -1;

    /// <summary>Prefix blocks are shared only inside one scope: the tenant.</summary>
    public string CacheScope { get; init; } = "";

    /// <summary>Says what is wrong with the request for this model, one sentence for each; none when it can run.</summary>
    internal IEnumerable<string> Problems(ModelLimits model)
    {
        if (Prompt.Count == 0)
        {
            yield return "The prompt is empty; it needs at least one token.";
        }

        if (MaxNewTokens < 1)
        {
            yield return $"max_tokens is {MaxNewTokens}; it must be at least 1.";
        }

        if ((long)Prompt.Count + Math.Max(MaxNewTokens, Generated.Count) > model.ContextLength)
        {
            yield return $"The prompt has {Prompt.Count} tokens and up to {Math.Max(MaxNewTokens, Generated.Count)} may follow; " +
                         $"the model's context has {model.ContextLength}.";
        }

        foreach (var token in Prompt.Concat(Generated).Where(token => token < 0 || token >= model.Vocabulary).Take(1))
        {
            yield return $"Token {token} is not in the vocabulary, which has tokens 0 to {model.Vocabulary - 1}.";
        }

        if (TopLogprobs is < -1 or > MaxTopLogprobs)
        {
            yield return $"top_logprobs is {TopLogprobs}; it must be from 0 to {MaxTopLogprobs}, or -1 for none.";
        }

        if (Stop.Any(string.IsNullOrEmpty))
        {
            yield return "A stop string is empty; each needs at least one character.";
        }

        foreach (var problem in Sampling.Problems(model.Vocabulary))
        {
            yield return problem;
        }
    }
}
