namespace Serverless.Inference.Templates;

/// <summary>What one rendering may use: a template is half trusted, and the messages are not at all.</summary>
public sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Statements, calls, loop passes and sixteenths of characters handled; default 5,000,000, about a second.</summary>
    public int MaxSteps { get; init; } = 5_000_000;

    /// <summary>UTF-16 units of the prompt, and of any text made on the way; default 16 Mi.</summary>
    public int MaxCharacters { get; init; } = 16 * 1024 * 1024;

    /// <summary>Macro calls and recursive loops inside each other; default 100.</summary>
    public int MaxDepth { get; init; } = 100;
}
