using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary><c>owner.name</c></summary>
internal sealed class Dot(Expression owner, string name) : Expression
{
    public string Member => name;

    public override Value Evaluate(Run run) => Members.Dot(owner.Evaluate(run), name);
}

/// <summary><c>owner[key]</c></summary>
internal sealed class Bracket(Expression owner, Expression key) : Expression
{
    public override Value Evaluate(Run run) => Members.Bracket(owner.Evaluate(run), key.Evaluate(run));
}

/// <summary><c>owner[start:stop:step]</c></summary>
internal sealed class Slice(Expression owner, Expression? start, Expression? stop, Expression? step) : Expression
{
    public override Value Evaluate(Run run) => Slicing.Slice(
        run, owner.Evaluate(run), ValueOf(run, start), ValueOf(run, stop), ValueOf(run, step));

    private static Value ValueOf(Run run, Expression? bound) => bound?.Evaluate(run) ?? NoneValue.None;
}
