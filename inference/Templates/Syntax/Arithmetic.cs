using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

internal sealed class Binary(string symbol, Expression left, Expression right) : Expression
{
    public override Value Evaluate(Run run) => Operators.Apply(run, symbol, left.Evaluate(run), right.Evaluate(run));
}

internal sealed class Negation(Expression operand) : Expression
{
    public override Value Evaluate(Run run) => Numbers.Negate(operand.Evaluate(run));
}

/// <summary><c>+a</c>: a number is itself, a bool becomes a number, anything else is refused.</summary>
internal sealed class Plus(Expression operand) : Expression
{
    public override Value Evaluate(Run run) => Numbers.Negate(Numbers.Negate(operand.Evaluate(run)));
}

/// <summary><c>a ~ b ~ c</c>: each as it prints.</summary>
internal sealed class Concatenation(IReadOnlyList<Expression> parts) : Expression
{
    public override Value Evaluate(Run run)
    {
        var text = run.NewText();
        foreach (var part in parts)
        {
            part.Evaluate(run).Print(text);
        }

        return text.ToText();
    }
}
