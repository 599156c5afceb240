using System.Text.Json;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Lexing;
using Serverless.Inference.Templates.Parsing;
using Serverless.Inference.Templates.Syntax;
using Serverless.Inference.Templates.Values;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Templates;

/// <summary>A model's chat template, in the Jinja that Hugging Face's tokenizers use; any number of threads may render it.</summary>
public sealed class ChatTemplate
{
    private readonly Statement _body;
    private readonly IReadOnlyDictionary<string, int> _names;

    private ChatTemplate(Statement body, IReadOnlyDictionary<string, int> names) => (_body, _names) = (body, names);

    /// <summary>Compiles a template; a mistake or an unknown name in it is a <see cref="TemplateException"/> with its place.</summary>
    public static ChatTemplate Parse(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var names = new NameTable();
        return new(StatementParser.Parse(new Source(source), names), names.Numbers);
    }

    /// <summary>The prompt of a conversation, with what came from the caller marked; throws <see cref="TemplateException"/>.</summary>
    public PromptText Render(TemplateInput input) => Render(input, TemplateLimits.Default);

    /// <summary>As <see cref="Render(TemplateInput)"/>, within other limits.</summary>
    public PromptText Render(TemplateInput input, TemplateLimits limits)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(limits);
        var run = new Run(limits, input.Now);
        try
        {
            SetVariables(run, input);
            run.Scope = new(run.Scope);
            _body.Render(run);
        }
        catch (TemplateException error) when (error.Line == 0 && run.Line > 0)
        {
            throw new TemplateException(error.Fault, error.Reason, run.Line);
        }

        var text = run.Output.ToText();
        return new(text.Text, text.Marks);
    }

    // Only what the template names is read: the caller may send more than it shows.
    private void SetVariables(Run run, TemplateInput input)
    {
        Set(run, "messages", () => JsonValues.ReadMessages(run, input.Messages));
        Set(run, "add_generation_prompt", () => BooleanValue.Of(input.AddGenerationPrompt));
        if (input.Tools is { ValueKind: not JsonValueKind.Undefined } tools)
        {
            Set(run, "tools", () => JsonValues.Read(run, tools));
        }

        if (input.BosToken is { } bos)
        {
            Set(run, "bos_token", () => TextValue.FromTemplate(bos));
        }

        if (input.EosToken is { } eos)
        {
            Set(run, "eos_token", () => TextValue.FromTemplate(eos));
        }

        foreach (var (name, value) in input.Variables)
        {
            Set(run, name, () => JsonValues.Read(run, value));
        }
    }

    private void Set(Run run, string name, Func<Value> read)
    {
        if (_names.TryGetValue(name, out var number))
        {
            run.Scope.Set(number, read());
        }
    }
}
