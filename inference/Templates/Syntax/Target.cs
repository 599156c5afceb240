using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary>What an assignment sets: a variable, a namespace's member, or several at once.</summary>
internal abstract class Target
{
    public abstract void Assign(Run run, Scope scope, Value value);
}

internal sealed class VariableTarget(int number) : Target
{
    public override void Assign(Run run, Scope scope, Value value) => scope.Set(number, value);
}

internal sealed class MemberTarget(Name owner, string member) : Target
{
    public override void Assign(Run run, Scope scope, Value value)
    {
        var space = owner.Evaluate(run) as NamespaceValue ?? throw TemplateException.Evaluation(
            $"cannot assign '{owner.Text}.{member}': '{owner.Text}' is not a namespace object");
        space.Set(member, value);
    }
}

internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(Run run, Scope scope, Value value)
    {
        Members.RequireDefined(value);
        var items = Iteration.Items(run, value);
        if (items.Count != targets.Count)
        {
            throw TemplateException.Evaluation(items.Count > targets.Count
                ? $"too many values to unpack (expected {targets.Count})"
                : $"not enough values to unpack (expected {targets.Count}, got {items.Count})");
        }

        for (var i = 0; i < items.Count; i++)
        {
            targets[i].Assign(run, scope, items[i]);
        }
    }
}
