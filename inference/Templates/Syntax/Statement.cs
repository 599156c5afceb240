using Serverless.Inference.Templates.Evaluation;

namespace Serverless.Inference.Templates.Syntax;

/// <summary>What follows a statement: the next one, or a jump of the loop around it.</summary>
internal enum Flow
{
    Next,
    Continue,
    Break,
}

/// <summary>A part of a template that writes, sets or decides.</summary>
internal abstract class Statement(int line)
{
    protected int Line => line;

    public abstract Flow Render(Run run);
}

internal sealed class Block(IReadOnlyList<Statement> statements) : Statement(0)
{
    private readonly Statement[] _statements = [.. statements];

    public override Flow Render(Run run)
    {
        foreach (var statement in _statements)
        {
            run.Step();
            var flow = statement.Render(run);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }
}

/// <summary>The template's own words between its tags.</summary>
internal sealed class Words(string text) : Statement(0)
{
    public override Flow Render(Run run)
    {
        run.Output.Append(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ expression }}</c></summary>
internal sealed class Output(int line, Expression expression) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        expression.Evaluate(run).Print(run.Output);
        return Flow.Next;
    }
}

internal sealed class If(int line, IReadOnlyList<(Expression Condition, Statement Body)> branches, Statement? otherwise) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        foreach (var (condition, body) in branches)
        {
            if (condition.Evaluate(run).IsTrue)
            {
                return body.Render(run);
            }
        }

        return otherwise?.Render(run) ?? Flow.Next;
    }
}

/// <summary><c>{% break %}</c> or <c>{% continue %}</c></summary>
internal sealed class Jump(Flow flow) : Statement(0)
{
    public override Flow Render(Run run) => flow;
}

/// <summary>A body whose variables end with it: <c>{% with %}</c> and <c>{% generation %}</c>.</summary>
internal sealed class Scoped(int line, IReadOnlyList<(Target Target, Expression Value)> variables, Statement body) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        var outer = run.Scope;
        var inner = new Scope(outer);
        foreach (var (target, expression) in variables)
        {
            // Each value is evaluated outside: a later one does not see an earlier one.
            target.Assign(run, inner, expression.Evaluate(run));
        }

        run.Scope = inner;
        var flow = body.Render(run);
        run.Scope = outer;
        return flow;
    }
}
