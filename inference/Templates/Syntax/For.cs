using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary><c>{% for target in items if condition recursive %}...{% else %}...{% endfor %}</c></summary>
internal sealed class For(
    int line, Target target, Expression items, Expression? condition, Statement body, Statement? otherwise, bool isRecursive, int loopName)
    : Statement(line)
{
    public override Flow Render(Run run)
    {
        run.Line = Line;
        Walk(run, items.Evaluate(run), depth: 0);
        return Flow.Next;
    }

    private void Walk(Run run, Value collection, int depth)
    {
        var outer = run.Scope;
        var chosen = Choose(run, outer, Iteration.Items(run, collection));
        if (chosen.Count == 0)
        {
            otherwise?.Render(run);
            return;
        }

        var loop = new LoopValue(chosen, depth, isRecursive ? (inner, nested) => Recurse(inner, outer, nested, depth + 1) : null);
        for (var i = 0; i < chosen.Count; i++)
        {
            run.Step();
            loop.Place = i;
            var scope = new Scope(outer);
            scope.Set(loopName, loop);
            target.Assign(run, scope, chosen[i]);
            run.Scope = scope;
            var flow = body.Render(run);
            run.Scope = outer;
            if (flow == Flow.Break)
            {
                break;
            }
        }
    }

    private TextValue Recurse(Run run, Scope outer, Value nested, int depth) =>
        run.Capture(new Nested(this, nested, depth), new(outer));

    private IReadOnlyList<Value> Choose(Run run, Scope outer, IReadOnlyList<Value> all)
    {
        if (condition is null)
        {
            return all;
        }

        var chosen = new List<Value>(all.Count);
        foreach (var item in all)
        {
            run.Scope = new(outer);
            target.Assign(run, run.Scope, item);
            if (condition.Evaluate(run).IsTrue)
            {
                chosen.Add(item);
            }
        }

        run.Scope = outer;
        return chosen;
    }

    private sealed class Nested(For loop, Value items, int depth) : Statement(0)
    {
        public override Flow Render(Run run)
        {
            loop.Walk(run, items, depth);
            return Flow.Next;
        }
    }
}
