namespace Serverless.Inference.Templates;

/// <summary>Why a template was refused or could not be rendered.</summary>
public enum TemplateFault
{
    /// <summary>The source is not Jinja.</summary>
    Syntax,

    /// <summary>The source names a statement, filter, test, function or method that is not known here.</summary>
    Unsupported,

    /// <summary>An expression failed: a wrong type, an undefined value, a forbidden method.</summary>
    Evaluation,

    /// <summary>The template itself refused its input with <c>raise_exception</c>; the message is the template's own.</summary>
    Raised,

    /// <summary>A bound of <see cref="TemplateLimits"/> was reached.</summary>
    Limit,
}

/// <summary>A template that cannot be parsed, or an input that it cannot render.</summary>
public sealed class TemplateException(TemplateFault fault, string reason, int line = 0, int column = 0)
    : Exception(line == 0 ? reason : $"{reason} (line {line}{(column == 0 ? "" : $", column {column}")} of the chat template)")
{
    public TemplateFault Fault { get; } = fault;

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>Line in the template, from 1; 0 where it is not known.</summary>
    public int Line { get; } = line;

    /// <summary>Column in the template, from 1; 0 for an error while rendering, which knows its line only.</summary>
    public int Column { get; } = column;

    internal static TemplateException Evaluation(string reason) => new(TemplateFault.Evaluation, reason);

    internal static TemplateException Limit(string reason) => new(TemplateFault.Limit, reason);
}
