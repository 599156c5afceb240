using Serverless.Inference.Templates.Evaluation;

namespace Serverless.Inference.Templates.Syntax;

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class Set(int line, Target target, Expression value) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        target.Assign(run, run.Scope, value.Evaluate(run));
        return Flow.Next;
    }
}

/// <summary><c>{% set target %}...{% endset %}</c>, with filters between the two where there are any.</summary>
internal sealed class SetBlock(int line, Target target, Filter? filter, Statement body) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        var written = run.Capture(body, new(run.Scope));
        target.Assign(run, run.Scope, filter?.Apply(run, written) ?? written);
        return Flow.Next;
    }
}

/// <summary><c>{% filter upper %}...{% endfilter %}</c></summary>
internal sealed class FilterBlock(int line, Filter filter, Statement body) : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        filter.Apply(run, run.Capture(body, new(run.Scope))).Print(run.Output);
        return Flow.Next;
    }
}
