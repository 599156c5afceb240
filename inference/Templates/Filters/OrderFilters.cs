using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

/// <summary>Filters that compare items; texts compare without case unless <c>case_sensitive</c> is given.</summary>
internal static class OrderFilters
{
    public static readonly Builtin[] All =
    [
        new("sort", 0, Sort, ["reverse", "case_sensitive", "attribute"]),
        new("dictsort", 0, DictionarySort, ["case_sensitive", "by", "reverse"]),
        new("unique", 0, Unique, ["case_sensitive", "attribute"]),
        new("min", 0, (run, self, arguments) => Extreme(run, self, arguments, sign: -1), ["case_sensitive", "attribute"]),
        new("max", 0, (run, self, arguments) => Extreme(run, self, arguments, sign: 1), ["case_sensitive", "attribute"]),
        new("groupby", 1, GroupBy, ["attribute", "default", "case_sensitive"]),
    ];

    private static SequenceValue Sort(Run run, Value self, BoundArguments arguments)
    {
        var items = Iteration.Items(run, self);
        var paths = arguments.Some(2) is TextValue text && text.Text.Contains(',', StringComparison.Ordinal)
            ? text.Text.Split(',').Select(Value? (path) => TextValue.FromTemplate(path)).ToArray()
            : [arguments.Some(2)];
        var isCased = arguments.Flag(1, false);
        IReadOnlyList<Value> keys = [.. items.Select(item => paths.Length == 1
            ? Key(run, item, paths[0], isCased)
            : SequenceValue.Tuple([.. paths.Select(path => Key(run, item, path, isCased))]))];
        return new(Ordering.Sort(run, items, keys, arguments.Flag(0, false)));
    }

    private static SequenceValue DictionarySort(Run run, Value self, BoundArguments arguments)
    {
        var by = arguments.Find(1) is null ? "key" : arguments.Text(1).Text;
        if (self is not DictionaryValue dictionary || by is not ("key" or "value"))
        {
            throw TemplateException.Evaluation("dictsort() wants a mapping, and by='key' or by='value'");
        }

        var items = DictionaryMethods.Items(dictionary).Items;
        var isCased = arguments.Flag(0, false);
        IReadOnlyList<Value> keys = [.. dictionary.Entries.Select(entry => Key(run, by == "key" ? entry.Key : entry.Value, null, isCased))];
        return new(Ordering.Sort(run, items, keys, arguments.Flag(2, false)));
    }

    private static GeneratorValue Unique(Run run, Value self, BoundArguments arguments)
    {
        var (path, isCased) = (arguments.Some(1), arguments.Flag(0, false));
        var seen = new HashSet<Value>(Equality.Comparer);
        return new([.. Iteration.Items(run, self).Where(item => seen.Add(Key(run, item, path, isCased)))]);
    }

    private static Value Extreme(Run run, Value self, BoundArguments arguments, int sign)
    {
        var (path, isCased) = (arguments.Some(1), arguments.Flag(0, false));
        Value? best = null;
        Value? bestKey = null;
        foreach (var item in Iteration.Items(run, self))
        {
            var key = Key(run, item, path, isCased);
            if (bestKey is null || Ordering.Compare(key, bestKey) * sign > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    private static SequenceValue GroupBy(Run run, Value self, BoundArguments arguments)
    {
        var (path, otherwise, isCased) = (arguments[0], arguments.Find(1), arguments.Flag(2, false));
        var items = Iteration.Items(run, self);
        Value KeyOf(Value item) => Fold(run, Members.Path(item, path, otherwise), isCased);
        var groups = new List<Value>();
        IReadOnlyList<Value> sorted = Ordering.Sort(run, items, [.. items.Select(KeyOf)], descending: false);
        for (var start = 0; start < sorted.Count;)
        {
            var (key, end) = (KeyOf(sorted[start]), start + 1);
            while (end < sorted.Count && Equality.AreEqual(key, KeyOf(sorted[end])))
            {
                end++;
            }

            // The group is named as its first item spells it.
            var name = Members.Path(sorted[start], path, otherwise);
            groups.Add(new SequenceValue([name, new SequenceValue([.. sorted.Skip(start).Take(end - start)])], SequenceKind.Group));
            start = end;
        }

        return new(groups);
    }

    private static Value Key(Run run, Value item, Value? path, bool isCased) =>
        Fold(run, path is null ? item : Members.Path(item, path, null), isCased);

    private static Value Fold(Run run, Value key, bool isCased) =>
        !isCased && key is TextValue text ? TextForms.Lower(run, text) : key;
}
