using System.Text.Json;

namespace Serverless.Inference.Templates;

/// <summary>What a chat template is rendered with. Every string in the JSON counts as the caller's text.</summary>
public sealed record TemplateInput
{
    /// <summary>The conversation; usually an array of <c>{role, content}</c>, but its shape is the template's concern.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>Tool definitions; null leaves <c>tools</c> undefined in the template.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the prompt ends with the opening of the assistant's turn; default true.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>The model's own token, not the caller's text; null leaves it undefined.</summary>
    public string? BosToken { get; init; }

    /// <summary>The model's own token, not the caller's text; null leaves it undefined.</summary>
    public string? EosToken { get; init; }

    /// <summary>The wall clock that <c>strftime_now</c> prints, in its own offset.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Further variables by name, such as <c>enable_thinking</c>; one of the names above is overridden.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>();
}
