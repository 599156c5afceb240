using System.Text.Json;
using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;

namespace Serverless.Functions.Requests;

/// <summary>Reads what is particular to <c>POST /v1/completions</c>.</summary>
internal static class CompletionReader
{
    private const int MaxPrompts = 32;
    private const int DefaultMaxTokens = 16;

    public static GenerationRequest Read(Parameters parameters, GenerationRequest request)
    {
        parameters.Refuse("suffix", "this model only continues text.");
        if (parameters.Integer("best_of", 1, 20) is { } best && best != request.ChoicesPerPrompt)
        {
            throw ApiException.Invalid("'best_of' must equal 'n': no candidates are generated beyond those returned.", "best_of", "unsupported_parameter");
        }

        if (parameters.Flag("echo") ?? false)
        {
            throw ApiException.Invalid("'echo' is not supported in this version: the answer has the new text only.", "echo", "unsupported_parameter");
        }

        return request with
        {
            Prompts = Prompts(parameters),
            MaxTokens = request.MaxTokens ?? DefaultMaxTokens,
            TopLogprobs = parameters.Integer("logprobs", 0, 5),
        };
    }

    /// <summary>Refuses token ids that the model does not have.</summary>
    public static void CheckTokens(GenerationRequest request, Deployment deployment)
    {
        if (request.Prompts!.Any(prompt => prompt.TokenIds?.Any(id => id < 0 || id >= deployment.VocabularySize) ?? false))
        {
            throw ApiException.Invalid($"'prompt' takes token ids from 0 to {deployment.VocabularySize - 1}.", "prompt", "invalid_value");
        }
    }

    private static IReadOnlyList<TextPrompt> Prompts(Parameters parameters)
    {
        if (parameters.Find("prompt") is not { } prompt)
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

    private static ApiException WrongPrompt(JsonElement got) =>
        Parameters.WrongType("prompt", "a string, an array of strings, an array of token ids or an array of arrays of token ids", got);
}
