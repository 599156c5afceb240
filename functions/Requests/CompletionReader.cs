using System.Text.Json;
using Microsoft.OpenApi;
using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Requests;

/// <summary>Reads what is particular to <c>POST /v1/completions</c>.</summary>
internal static class CompletionReader
{
    private const int MaxPrompts = 32;
    private const int DefaultMaxTokens = 16;

    private static readonly ShapedParameter Prompt = new("prompt", $"Text or token ids, or up to {MaxPrompts} of either.", PromptSchema) { IsRequired = true };
    private static readonly IntegerParameter Logprobs = new("logprobs", 0, 5, null, "The number of alternatives to report at each position; without it, no log-probabilities.");
    private static readonly IntegerParameter BestOf = new("best_of", 1, 20, null, "Equal to n, when it is given: no candidates are generated beyond those returned.");
    private static readonly FlagParameter Echo = new("echo", "False only: the answer has the new text alone.");

    /// <summary>Every parameter that this reader knows.</summary>
    public static IReadOnlyList<Parameter> Known { get; } = [Prompt, Logprobs, BestOf, Echo];

    public static GenerationRequest Read(Parameters parameters, GenerationRequest request)
    {
        parameters.Refuse("suffix", "this model only continues text.");
        if (parameters.Integer(BestOf) is { } best && best != request.ChoicesPerPrompt)
        {
            throw ApiException.Invalid("'best_of' must equal 'n': no candidates are generated beyond those returned.", "best_of", "unsupported_parameter");
        }

        if (parameters.Flag(Echo))
        {
            throw ApiException.Invalid("'echo' is not supported in this version: the answer has the new text only.", "echo", "unsupported_parameter");
        }

        return request with
        {
            Prompts = Prompts(parameters),
            MaxTokens = request.MaxTokens ?? DefaultMaxTokens,
            TopLogprobs = parameters.Integer(Logprobs),
        };
    }

    /// <summary>Refuses token ids that the model does not have; a chat has none.</summary>
    public static void CheckTokens(GenerationRequest request, Deployment deployment)
    {
        if (request.Prompts?.Any(prompt => prompt.TokenIds?.Any(id => id < 0 || id >= deployment.VocabularySize) ?? false) ?? false)
        {
            throw ApiException.Invalid($"'prompt' takes token ids from 0 to {deployment.VocabularySize - 1}.", "prompt", "invalid_value");
        }
    }

    private static IReadOnlyList<TextPrompt> Prompts(Parameters parameters)
    {
        if (parameters.Find(Prompt) is not { } prompt)
        {
            throw ApiException.Invalid("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter");
        }

        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [new TextPrompt(prompt.GetString(), null)];
        }

        if (prompt.ValueKind != JsonValueKind.Array)
        {
            throw WrongPrompt(prompt);
        }

        var items = prompt.EnumerateArray().ToArray();
        if (items.Length > 0 && items[0].ValueKind == JsonValueKind.Number)
        {
            return [new TextPrompt(null, TokenIds(prompt))];
        }

        return items.Length is > 0 and <= MaxPrompts
            ? [.. items.Select(item => item.ValueKind switch
            {
                JsonValueKind.String => new TextPrompt(item.GetString(), null),
                JsonValueKind.Array => new TextPrompt(null, TokenIds(item)),
                _ => throw WrongPrompt(item),
            })]
            : throw ApiException.Invalid($"'prompt' takes 1 to {MaxPrompts} prompts, but got {items.Length}.", "prompt", "invalid_value");
    }

    private static int[] TokenIds(JsonElement array) => [.. array.EnumerateArray().Select(item =>
        item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) ? id : throw WrongPrompt(item))];

    private static OpenApiSchema PromptSchema()
    {
        var many = Schemas.List(Schemas.Any(Schemas.Text(), Ids()));
        (many.MinItems, many.MaxItems) = (1, MaxPrompts);
        var ids = Ids();
        ids.MinItems = 1;
        return Schemas.Any(Schemas.Text(), many, ids);
    }

    private static OpenApiSchema Ids() => Schemas.List(Schemas.Integer(0, int.MaxValue, null));

    private static ApiException WrongPrompt(JsonElement got) =>
        Parameters.WrongType("prompt", "a string, an array of strings, an array of token ids or an array of arrays of token ids", got);
}
