using System.Text.Json;

namespace Serverless.Core.Requests;

/// <summary>What a caller asks of a model, validated and in our own names; everything here shapes the answer.</summary>
public sealed record GenerationRequest
{
    /// <summary>The chat, when this is a chat completion.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>The prompts, when this is a text completion; each gives <see cref="ChoicesPerPrompt"/> choices.</summary>
    public IReadOnlyList<TextPrompt>? Prompts { get; init; }

    /// <summary>OpenAI's tool definitions, as sent.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Further variables for the chat template.</summary>
    public JsonElement? TemplateVariables { get; init; }

    /// <summary>The most tokens to generate for each choice; null means what the context leaves.</summary>
    public int? MaxTokens { get; init; }

    public int ChoicesPerPrompt { get; init; } = 1;

    /// <summary>0 picks the likeliest token; the default is 1.</summary>
    public float Temperature { get; init; } = 1;

    public float TopP { get; init; } = 1;

    /// <summary>0 means no limit.</summary>
    public int TopK { get; init; }

    public float MinP { get; init; }

    public float PresencePenalty { get; init; }

    public float FrequencyPenalty { get; init; }

    public float RepetitionPenalty { get; init; } = 1;

    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    public IReadOnlyList<string> Stop { get; init; } = [];

    public bool IgnoreEos { get; init; }

    /// <summary>The number of alternatives to report at each position; null means no log-probabilities at all.</summary>
    public int? TopLogprobs { get; init; }

    public int ChoiceCount => ChoicesPerPrompt * (Prompts?.Count ?? 1);
}

/// <summary>A message of a chat, kept as the JSON that the caller sent so that a model's template sees all of it.</summary>
public sealed record ChatMessage(string Role, JsonElement Value);

/// <summary>A prompt of a text completion: text or token ids, one of them set.</summary>
public sealed record TextPrompt(string? Text, IReadOnlyList<int>? TokenIds);
