using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>What a value yields when a template walks through it.</summary>
internal static class Iteration
{
    /// <summary>The items; an error where the value has none. A generator is used up by it.</summary>
    public static IReadOnlyList<Value> Items(Run run, Value value)
    {
        var items = Find(value) ?? throw TemplateException.Evaluation($"'{value.TypeName}' object is not iterable");
        run.Step(items.Count);
        return items;
    }

    public static bool IsIterable(Value value) =>
        value is SequenceValue or DictionaryValue or TextValue or GeneratorValue or UndefinedValue;

    /// <summary>The count of items; null for what has no length, such as a number or a generator.</summary>
    public static int? Length(Value value) => value switch
    {
        TextValue text => text.Length,
        SequenceValue sequence => sequence.Items.Count,
        DictionaryValue dictionary => dictionary.Entries.Count,
        UndefinedValue => 0,
        _ => null,
    };

    private static IReadOnlyList<Value>? Find(Value value) => value switch
    {
        SequenceValue sequence => sequence.Items,
        DictionaryValue dictionary => [.. dictionary.Entries.Select(entry => entry.Key)],
        TextValue text => [.. text.Points()],
        GeneratorValue generator => generator.TakeRest(),
        UndefinedValue => [],
        _ => null,
    };
}
