using System.Globalization;
using System.Text.Json;
using Microsoft.OpenApi;
using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Requests;

/// <summary>Reads the parameters that chat and text completions have in common.</summary>
internal static class SamplingReader
{
    private const int MaxStops = 4;
    private const int MaxStopLength = 1024;
    private const int MaxBiases = 1024;
    private const int MostBias = 100;
    private const long LastSecond = 253_402_300_799;

    private static readonly IntegerParameter MostTokens = new("max_completion_tokens", 1, int.MaxValue, null, "The most tokens to generate for each choice, at most the model's context; without it, what the context leaves.");
    private static readonly IntegerParameter MostTokensOlder = new("max_tokens", 1, int.MaxValue, null, "The older name of max_completion_tokens.");
    private static readonly IntegerParameter Choices = new("n", 1, 8, 1, "How many choices to generate for each prompt.");
    private static readonly NumberParameter Temperature = new("temperature", 0, 2, 1, "0 takes the likeliest token, and more gives chance more room.");
    private static readonly NumberParameter TopP = new("top_p", 0, 1, 1, "Keeps the likeliest tokens that together reach this probability.") { IsAboveLeast = true };
    private static readonly IntegerParameter TopK = new("top_k", 0, int.MaxValue, 0, "Keeps this many of the likeliest tokens; 0 keeps all.");
    private static readonly NumberParameter MinP = new("min_p", 0, 1, 0, "Keeps tokens at least this fraction as likely as the likeliest.");
    private static readonly NumberParameter PresencePenalty = new("presence_penalty", -2, 2, 0, "Taken once from the logit of each token already generated.");
    private static readonly NumberParameter FrequencyPenalty = new("frequency_penalty", -2, 2, 0, "Taken from a token's logit for each time it was generated.");
    private static readonly NumberParameter RepetitionPenalty = new("repetition_penalty", 0.01f, 2, 1, "Makes tokens of the prompt and the answer less likely above 1, likelier below.");
    private static readonly FlagParameter IgnoreEos = new("ignore_eos", "Goes on past the model's end-of-text tokens, to max_completion_tokens.");
    private static readonly LongParameter SeedNumber = new("seed", "The same request with the same seed gives the same answer. Without one the server picks one; the job tells it.");
    private static readonly ShapedParameter LogitBiases = new("logit_bias", $"Added to the logits of single tokens, by token id; at most {MaxBiases} of them.", LogitBiasSchema);
    private static readonly ShapedParameter Stop = new("stop", "Ends a choice where one of these appears; the text is cut before it.", StopSchema);
    private static readonly ShapedParameter DeadlineMoment = new("deadline", "The moment after which the answer is of no use, as Unix seconds or RFC 3339; a job that is not done then ends as expired.", DeadlineSchema);

    /// <summary>Every parameter that this reader knows.</summary>
    public static IReadOnlyList<Parameter> Known { get; } =
    [
        MostTokens, MostTokensOlder, Choices, Temperature, TopP, TopK, MinP, PresencePenalty, FrequencyPenalty, RepetitionPenalty,
        SeedNumber, Stop, LogitBiases, IgnoreEos, DeadlineMoment,
    ];

    public static GenerationRequest Read(Parameters parameters, Deployment deployment) => new()
    {
        MaxTokens = MaxTokens(parameters, deployment),
        ChoicesPerPrompt = parameters.Integer(Choices)!.Value,
        Temperature = parameters.Number(Temperature),
        TopP = parameters.Number(TopP),
        TopK = parameters.Integer(TopK)!.Value,
        MinP = parameters.Number(MinP),
        PresencePenalty = parameters.Number(PresencePenalty),
        FrequencyPenalty = parameters.Number(FrequencyPenalty),
        RepetitionPenalty = parameters.Number(RepetitionPenalty),
        LogitBias = LogitBias(parameters, deployment),
        Stop = Stops(parameters),
        IgnoreEos = parameters.Flag(IgnoreEos),
    };

    /// <summary>A seed is any 64-bit integer; negative ones are taken by their bits.</summary>
    public static ulong? Seed(Parameters parameters) => parameters.Long(SeedNumber) is { } seed ? unchecked((ulong)seed) : null;

    /// <summary>The moment after which the answer is of no use: Unix seconds or RFC 3339.</summary>
    public static DateTimeOffset? Deadline(Parameters parameters, DateTimeOffset now)
    {
        if (parameters.Find(DeadlineMoment) is not { } value)
        {
            return null;
        }

        var deadline = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetInt64(out var seconds) && seconds is > 0 and <= LastSecond => DateTimeOffset.FromUnixTimeSeconds(seconds),
            JsonValueKind.String when DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time.ToUniversalTime(),
            _ => throw Parameters.WrongType("deadline", "a Unix time in seconds or an RFC 3339 time", value),
        };
        return deadline > now ? deadline : throw ApiException.Invalid("'deadline' is in the past.", "deadline", "invalid_value");
    }

    private static int? MaxTokens(Parameters parameters, Deployment deployment)
    {
        var older = parameters.Integer(MostTokensOlder);
        var newer = parameters.Integer(MostTokens);
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
        if (parameters.Find(LogitBiases) is not { } value)
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

            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var bias) || bias is < -MostBias or > MostBias)
            {
                throw ApiException.Invalid($"'logit_bias' takes numbers from -{MostBias} to {MostBias} as its values.", "logit_bias", "invalid_value");
            }

            biases[token] = (float)bias;
        }

        return biases.Count <= MaxBiases ? biases : throw ApiException.Invalid($"'logit_bias' takes at most {MaxBiases} tokens.", "logit_bias", "invalid_value");
    }

    private static IReadOnlyList<string> Stops(Parameters parameters)
    {
        if (parameters.Find(Stop) is not { } value)
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

    private static OpenApiSchema LogitBiasSchema() => new()
    {
        Type = JsonSchemaType.Object,
        MaxProperties = MaxBiases,
        AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Number, Minimum = $"-{MostBias}", Maximum = $"{MostBias}" },
    };

    private static OpenApiSchema StopSchema()
    {
        var many = Schemas.List(StopText());
        many.MaxItems = MaxStops;
        return Schemas.Any(StopText(), many);
    }

    private static OpenApiSchema StopText() => new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = MaxStopLength };

    private static OpenApiSchema DeadlineSchema() =>
        Schemas.Any(Schemas.Integer(1, LastSecond, null), new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" });
}
