using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Syntax;

/// <summary>The arguments of a call as written: <c>(a, b, name=c, *more, **named)</c>.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<KeyValuePair<string, Expression>> Named,
    Expression? MorePositional,
    Expression? MoreNamed)
{
    public static readonly ArgumentList None = new([], [], null, null);

    public Arguments Evaluate(Run run)
    {
        if (Positional.Count + Named.Count == 0 && MorePositional is null && MoreNamed is null)
        {
            return Arguments.None;
        }

        var positional = new List<Value>(Positional.Count);
        foreach (var argument in Positional)
        {
            positional.Add(argument.Evaluate(run));
        }

        if (MorePositional is not null)
        {
            positional.AddRange(Iteration.Items(run, MorePositional.Evaluate(run)));
        }

        var named = new List<KeyValuePair<string, Value>>(Named.Count);
        foreach (var (name, argument) in Named)
        {
            named.Add(new(name, argument.Evaluate(run)));
        }

        AddNamed(run, named);
        return new(positional, named);
    }

    private void AddNamed(Run run, List<KeyValuePair<string, Value>> named)
    {
        if (MoreNamed is null)
        {
            return;
        }

        var dictionary = MoreNamed.Evaluate(run) as DictionaryValue
            ?? throw TemplateException.Evaluation("the argument after ** must be a mapping");
        foreach (var (key, value) in dictionary.Entries)
        {
            named.Add(new((key as TextValue)?.Text ?? throw TemplateException.Evaluation("keywords must be strings"), value));
        }
    }
}

internal sealed class Call(Expression callee, ArgumentList arguments) : Expression
{
    public override Value Evaluate(Run run) => Invoke(run, arguments.Evaluate(run));

    /// <summary>The call of a call block, which passes the block's body as <c>caller</c>.</summary>
    public Value EvaluateWith(Run run, Value caller)
    {
        var given = arguments.Evaluate(run);
        return Invoke(run, given with { Named = [.. given.Named, new("caller", caller)] });
    }

    private Value Invoke(Run run, Arguments given)
    {
        run.Step();
        var target = callee.Evaluate(run);
        return target is CallableValue callable
            ? callable.Call(run, given)
            : throw (target as UndefinedValue)?.Error()
                ?? TemplateException.Evaluation($"'{target.TypeName}' object is not callable");
    }
}

/// <summary><c>subject|filter(arguments)</c>; in a filter block the subject is what the block wrote.</summary>
internal sealed class Filter(Expression? subject, Builtin filter, ArgumentList arguments) : Expression
{
    public override Value Evaluate(Run run) => Apply(run, subject!.Evaluate(run));

    public Value Apply(Run run, Value block) =>
        filter.Call(run, subject is Filter inner && !inner.HasSubject ? inner.Apply(run, block) : block, arguments.Evaluate(run));

    private bool HasSubject { get; } = subject is not null && (subject is not Filter chained || chained.HasSubject);
}

/// <summary><c>subject is test(arguments)</c></summary>
internal sealed class Test(Expression subject, Builtin test, ArgumentList arguments) : Expression
{
    public override Value Evaluate(Run run) => test.Call(run, subject.Evaluate(run), arguments.Evaluate(run));
}
