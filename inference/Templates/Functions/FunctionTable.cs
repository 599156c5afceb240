using System.Collections.Frozen;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Functions;

/// <summary>The functions that a template may call without defining them.</summary>
internal static class FunctionTable
{
    // As many as Jinja's own sandbox allows.
    private const int MaxRange = 100_000;

    private static readonly FrozenDictionary<string, Value> All = new Builtin[]
    {
        new("range", 1, Range, ["start", "stop", "step"]),
        new("dict", 0, MakeDictionary, ["*args"]),
        new("namespace", 0, MakeNamespace, ["*args"]),
        new("cycler", 1, (_, _, arguments) => new CyclerValue(arguments.Given.Positional), ["*items"]),
        new("joiner", 0, (_, _, arguments) => new JoinerValue(arguments.Find(0) ?? TextValue.FromTemplate(", ")), ["sep"]),
        new("raise_exception", 1, (run, _, arguments) =>
            throw new TemplateException(TemplateFault.Raised, run.Print(arguments[0]).Text, run.Line), ["message"]),
        new("strftime_now", 1, (run, _, arguments) => TextValue.FromTemplate(TimeFormat.Format(run.Now, arguments.Text(0).Text)), ["format"]),
    }.ToFrozenDictionary(function => function.Name, Value (function) => new BuiltinValue(function, NoneValue.None));

    public static IEnumerable<string> Names => All.Keys;

    public static Value? Find(string name) => All.GetValueOrDefault(name);

    private static SequenceValue Range(Run run, Value self, BoundArguments arguments)
    {
        var (start, stop) = arguments.Find(1) is null ? (0, arguments.Integer(0, 0)) : (arguments.Integer(0, 0), arguments.Integer(1, 0));
        long step = arguments.Integer(2, 1);
        if (step == 0)
        {
            throw TemplateException.Evaluation("range() arg 3 must not be zero");
        }

        var distance = step > 0 ? (long)stop - start : (long)start - stop;
        var count = distance <= 0 ? 0 : (distance + Math.Abs(step) - 1) / Math.Abs(step);
        if (count > MaxRange)
        {
            throw TemplateException.Limit($"range() gives at most {MaxRange} numbers, not {count}");
        }

        run.Step(count);
        var numbers = new Value[count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = IntegerValue.Of(start + i * step);
        }

        return new(numbers, SequenceKind.Range);
    }

    private static DictionaryValue MakeDictionary(Run run, Value self, BoundArguments arguments)
    {
        var dictionary = new DictionaryValue();
        foreach (var (key, value) in Pairs(run, arguments))
        {
            dictionary.Set(key, value);
        }

        return dictionary;
    }

    private static NamespaceValue MakeNamespace(Run run, Value self, BoundArguments arguments)
    {
        var space = new NamespaceValue();
        foreach (var (key, value) in Pairs(run, arguments))
        {
            space.Set(run.Print(key).Text, value);
        }

        return space;
    }

    private static IEnumerable<KeyValuePair<Value, Value>> Pairs(Run run, BoundArguments arguments)
    {
        var given = arguments.Given;
        if (given.Positional.Count > 1)
        {
            throw TemplateException.Evaluation("at most one positional argument makes a dict or namespace");
        }

        var first = given.Positional.Count == 0 ? [] : given.Positional[0] is DictionaryValue dictionary
            ? dictionary.Entries
            : [.. Iteration.Items(run, given.Positional[0]).Select(item => Iteration.Items(run, item) is [var key, var value]
                ? KeyValuePair.Create(key, value)
                : throw TemplateException.Evaluation("a dict or namespace is made of pairs"))];
        return first.Concat(given.Named.Select(named => KeyValuePair.Create<Value, Value>(TextValue.FromTemplate(named.Key), named.Value)));
    }
}
