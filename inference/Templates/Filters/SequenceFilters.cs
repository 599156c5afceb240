using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

/// <summary>Filters on the items of a value as they stand.</summary>
internal static class SequenceFilters
{
    public static readonly Builtin[] All =
    [
        new("length", 0, (_, self, _) => Length(self), []),
        new("count", 0, (_, self, _) => Length(self), []),
        new("first", 0, (run, self, _) => First(run, self), []),
        new("last", 0, (run, self, _) => Last(run, self), []),
        new("reverse", 0, (run, self, _) => Reverse(run, self), []),
        new("join", 0, Join, ["d", "attribute"]),
        new("batch", 1, Batch, ["linecount", "fill_with"]),
        new("slice", 1, Slice, ["slices", "fill_with"]),
    ];

    private static IntegerValue Length(Value self) => IntegerValue.Of(Iteration.Length(self)
        ?? throw TemplateException.Evaluation($"object of type '{self.TypeName}' has no len()"));

    private static Value First(Run run, Value self) => self is GeneratorValue generator
        ? generator.Take() ?? Nothing("first")
        : Iteration.Items(run, self) is [var first, ..] ? first : Nothing("first");

    private static Value Last(Run run, Value self) =>
        Reversible(run, self) is [.., var last] ? last : Nothing("last");

    private static UndefinedValue Nothing(string end) => new($"No {end} item, sequence was empty.");

    private static IReadOnlyList<Value> Reversible(Run run, Value self) => self is GeneratorValue
        ? throw TemplateException.Evaluation("'generator' object is not reversible")
        : Iteration.Items(run, self);

    private static Value Reverse(Run run, Value self) => self is TextValue text
        ? Slicing.Slice(run, text, NoneValue.None, NoneValue.None, IntegerValue.Of(-1))
        : new GeneratorValue([.. Iteration.Items(run, self).Reverse()]);

    private static TextValue Join(Run run, Value self, BoundArguments arguments)
    {
        var (separator, path) = (arguments.Printed(0, ""), arguments.Some(1));
        var joined = run.NewText();
        var items = Iteration.Items(run, self);
        for (var i = 0; i < items.Count; i++)
        {
            joined.Append(i == 0 ? TextValue.Empty : separator);
            (path is null ? items[i] : Members.Path(items[i], path, null)).Print(joined);
        }

        return joined.ToText();
    }

    private static GeneratorValue Batch(Run run, Value self, BoundArguments arguments)
    {
        var size = Math.Max(1, arguments.Integer(0, 1));
        run.CheckLength(size);
        var batches = new List<Value>();
        foreach (var chunk in Iteration.Items(run, self).Chunk(size))
        {
            var missing = arguments.Some(1) is { } fill ? Enumerable.Repeat(fill, size - chunk.Length) : [];
            batches.Add(new SequenceValue([.. chunk, .. missing]));
        }

        run.Step(batches.Count == 0 ? 0 : size);
        return new(batches);
    }

    private static GeneratorValue Slice(Run run, Value self, BoundArguments arguments)
    {
        var (items, count) = (Iteration.Items(run, self), arguments.Integer(0, 1));
        if (count <= 0)
        {
            throw TemplateException.Evaluation("slice() wants at least one slice");
        }

        run.Step(count);
        var (each, longer) = (items.Count / count, items.Count % count);
        var (slices, at) = (new List<Value>(count), 0);
        for (var i = 0; i < count; i++)
        {
            var size = each + (i < longer ? 1 : 0);
            IEnumerable<Value> fill = arguments.Some(1) is { } value && longer > 0 && i >= longer ? [value] : [];
            slices.Add(new SequenceValue([.. items.Skip(at).Take(size), .. fill]));
            at += size;
        }

        return new(slices);
    }
}
