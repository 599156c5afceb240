using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

internal static class DictionaryMethods
{
    public static readonly Builtin[] All =
    [
        new("get", 1, (_, self, arguments) => ((DictionaryValue)self).Find(arguments[0]) ?? arguments.Find(1) ?? NoneValue.None, ["key", "default"]),
        new("items", 0, (_, self, _) => Items(self), []),
        new("keys", 0, (_, self, _) => View(self, SequenceKind.Keys, entry => entry.Key), []),
        new("values", 0, (_, self, _) => View(self, SequenceKind.Values, entry => entry.Value), []),
        new("copy", 0, (_, self, _) => self, []),
    ];

    public static SequenceValue Items(Value self) =>
        View(self, SequenceKind.Items, entry => SequenceValue.Tuple(entry.Key, entry.Value));

    private static SequenceValue View(Value self, SequenceKind kind, Func<KeyValuePair<Value, Value>, Value> select) =>
        new([.. ((DictionaryValue)self).Entries.Select(select)], kind);
}
