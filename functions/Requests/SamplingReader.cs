using System.Globalization;
using System.Text.Json;
using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;

namespace Serverless.Functions.Requests;

/// <summary>Reads the parameters that chat and text completions have in common.</summary>
internal static class SamplingReader
{
    private const int MaxChoices = 8;
    private const int MaxStops = 4;
    private const int MaxStopLength = 1024;
    private const int MaxBiases = 1024;

    public static GenerationRequest Read(Parameters parameters, Deployment deployment) => new()
    {
        MaxTokens = MaxTokens(parameters, deployment),
        ChoicesPerPrompt = parameters.Integer("n", 1, MaxChoices) ?? 1,
        Temperature = parameters.Number("temperature", 0, 2) ?? 1,
        TopP = parameters.Number("top_p", 0, 1, aboveLeast: true) ?? 1,
        TopK = parameters.Integer("top_k", 0, int.MaxValue) ?? 0,
        MinP = parameters.Number("min_p", 0, 1) ?? 0,
        PresencePenalty = parameters.Number("presence_penalty", -2, 2) ?? 0,
        FrequencyPenalty = parameters.Number("frequency_penalty", -2, 2) ?? 0,
        RepetitionPenalty = parameters.Number("repetition_penalty", 0.01f, 2) ?? 1,
        LogitBias = LogitBias(parameters, deployment),
        Stop = Stops(parameters),
        IgnoreEos = parameters.Flag("ignore_eos") ?? false,
    };

    /// <summary>A seed is any 64-bit integer; negative ones are taken by their bits.</summary>
    public static ulong? Seed(Parameters parameters) => parameters.Long("seed") is { } seed ? unchecked((ulong)seed) : null;

    /// <summary>The moment after which the answer is of no use: Unix seconds or RFC 3339.</summary>
    public static DateTimeOffset? Deadline(Parameters parameters, DateTimeOffset now)
    {
        if (parameters.Find("deadline") is not { } value)
        {
            return null;
        }

        var deadline = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetInt64(out var seconds) && seconds is > 0 and < 253_402_300_800 => DateTimeOffset.FromUnixTimeSeconds(seconds),
            JsonValueKind.String when DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time.ToUniversalTime(),
            _ => throw Parameters.WrongType("deadline", "a Unix time in seconds or an RFC 3339 time", value),
        };
        return deadline > now ? deadline : throw ApiException.Invalid("'deadline' is in the past.", "deadline", "invalid_value");
    }

    private static int? MaxTokens(Parameters parameters, Deployment deployment)
    {
        var older = parameters.Integer("max_tokens", 1, int.MaxValue);
        var newer = parameters.Integer("max_completion_tokens", 1, int.MaxValue);
        if (older is not null && newer is not null && older != newer)
        {
            throw ApiException.Invalid("Set 'max_completion_tokens' or 'max_tokens', not both.", "max_tokens", "invalid_value");
        }

        return (newer ?? older) is not { } most ? null
            : most <= deployment.ContextLength ? most
            : throw ApiException.Invalid(
                $"{(newer is null ? "max_tokens" : "max_completion_tokens")} is too large: {most}. This model's context is {deployment.ContextLength} tokens, prompt and completion together.",
                newer is null ? "max_tokens" : "max_completion_tokens",
                "invalid_value");
    }

    private static Dictionary<int, float>? LogitBias(Parameters parameters, Deployment deployment)
    {
        if (parameters.Find("logit_bias") is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Parameters.WrongType("logit_bias", "an object from token ids to numbers", value);
        }

        var biases = new Dictionary<int, float>();
        foreach (var property in value.EnumerateObject())
        {
            if (!int.TryParse(property.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var token) || token >= deployment.VocabularySize)
            {
                throw ApiException.Invalid($"'logit_bias' takes token ids from 0 to {deployment.VocabularySize - 1} as its keys.", "logit_bias", "invalid_value");
            }

            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var bias) || bias is < -100 or > 100)
            {
                throw ApiException.Invalid("'logit_bias' takes numbers from -100 to 100 as its values.", "logit_bias", "invalid_value");
            }

            biases[token] = (float)bias;
        }

        return biases.Count <= MaxBiases ? biases : throw ApiException.Invalid($"'logit_bias' takes at most {MaxBiases} tokens.", "logit_bias", "invalid_value");
    }

    private static IReadOnlyList<string> Stops(Parameters parameters)
    {
        if (parameters.Find("stop") is not { } value)
        {
            return [];
        }

        JsonElement[] items = value.ValueKind switch
        {
            JsonValueKind.String => [value],
            JsonValueKind.Array => [.. value.EnumerateArray()],
            _ => throw Parameters.WrongType("stop", "a string or an array of strings", value),
        };
        if (items.Length > MaxStops)
        {
            throw ApiException.Invalid($"'stop' takes at most {MaxStops} sequences, but got {items.Length}.", "stop", "array_above_max_length");
        }

        return [.. items.Select(item =>
            item.ValueKind != JsonValueKind.String ? throw Parameters.WrongType("stop", "a string or an array of strings", item)
            : item.GetString() is { Length: > 0 and <= MaxStopLength } text ? text
            : throw ApiException.Invalid($"A stop sequence has 1 to {MaxStopLength} characters.", "stop", "invalid_value"))];
    }
}
