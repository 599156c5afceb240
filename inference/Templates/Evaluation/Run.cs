using Serverless.Inference.Templates.Syntax;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>One rendering: its variables, its output so far, and what it may still use.</summary>
internal sealed class Run
{
    private readonly TemplateLimits _limits;
    private long _steps;
    private int _depth;

    public Run(TemplateLimits limits, DateTimeOffset now)
    {
        _limits = limits;
        Now = now;
        Output = new(this);
        Scope = new(null);
    }

    public DateTimeOffset Now { get; }

    public TextBuilder Output { get; private set; }

    public Scope Scope { get; set; }

    /// <summary>The line of the statement at work, for error messages.</summary>
    public int Line { get; set; }

    public void Step(long cost = 1)
    {
        _steps += cost;
        if (_steps > _limits.MaxSteps)
        {
            throw TemplateException.Limit($"rendering took more than {_limits.MaxSteps} steps");
        }
    }

    /// <summary>Counts the handling of a text: copying is cheap, but not free.</summary>
    public void StepText(int characters) => Step(characters >> 4);

    public void CheckLength(long characters)
    {
        if (characters > _limits.MaxCharacters)
        {
            throw TemplateException.Limit($"a text grew beyond {_limits.MaxCharacters} characters");
        }
    }

    public TextBuilder NewText() => new(this);

    public TextValue Print(Value value)
    {
        if (value is TextValue text)
        {
            return text;
        }

        var builder = NewText();
        value.Print(builder);
        return builder.ToText();
    }

    /// <summary>Renders a body in a scope of its own and gives what it wrote.</summary>
    public TextValue Capture(Statement body, Scope scope)
    {
        if (++_depth > _limits.MaxDepth)
        {
            throw TemplateException.Limit($"macros or loops call each other more than {_limits.MaxDepth} deep");
        }

        StackGuard.Check();
        var (output, outer, line) = (Output, Scope, Line);
        (Output, Scope) = (NewText(), scope);
        body.Render(this);
        var written = Output.ToText();
        (Output, Scope, Line) = (output, outer, line);
        _depth--;
        return written;
    }
}
