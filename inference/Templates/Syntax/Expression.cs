using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract class Expression
{
    public abstract Value Evaluate(Run run);
}

internal sealed class Literal(Value value) : Expression
{
    public Value Value => value;

    public override Value Evaluate(Run run) => value;
}

/// <summary>A variable, or a function of Jinja's where the template has no variable of that name.</summary>
internal sealed class Name(string text, int number, Value? builtin) : Expression
{
    private readonly UndefinedValue _undefined = UndefinedValue.Variable(text);

    public string Text => text;

    public int Number => number;

    public override Value Evaluate(Run run) => run.Scope.Find(number) ?? builtin ?? _undefined;
}
