using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary><c>a or b</c>: the first that is true, itself, else the last.</summary>
internal sealed class Or(Expression left, Expression right) : Expression
{
    public override Value Evaluate(Run run) => left.Evaluate(run) is { IsTrue: true } value ? value : right.Evaluate(run);
}

/// <summary><c>a and b</c>: the first that is false, itself, else the last.</summary>
internal sealed class And(Expression left, Expression right) : Expression
{
    public override Value Evaluate(Run run) => left.Evaluate(run) is { IsTrue: false } value ? value : right.Evaluate(run);
}

internal sealed class Not(Expression operand) : Expression
{
    public override Value Evaluate(Run run) => BooleanValue.Of(!operand.Evaluate(run).IsTrue);
}

/// <summary><c>a if condition else b</c>; without the else it is undefined.</summary>
internal sealed class Conditional(Expression condition, Expression then, Expression? otherwise) : Expression
{
    private static readonly UndefinedValue Missing =
        new("the inline if-expression evaluated to false and no else section was defined");

    public override Value Evaluate(Run run) =>
        condition.Evaluate(run).IsTrue ? then.Evaluate(run) : otherwise?.Evaluate(run) ?? Missing;
}

/// <summary><c>a &lt; b &lt;= c</c>, each operand evaluated once.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Symbol, Expression Operand)> rest) : Expression
{
    public override Value Evaluate(Run run)
    {
        var left = first.Evaluate(run);
        foreach (var (symbol, operand) in rest)
        {
            var right = operand.Evaluate(run);
            if (!Operators.Compare(run, symbol, left, right))
            {
                return BooleanValue.False;
            }

            left = right;
        }

        return BooleanValue.True;
    }
}
