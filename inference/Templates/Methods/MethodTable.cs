using System.Collections.Frozen;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>The methods of Python's str, dict, list and tuple that a template may call.</summary>
internal static class MethodTable
{
    private static readonly FrozenDictionary<string, Builtin> Text =
        TextTrimming.All.Concat(TextCutting.All).Concat(TextSearching.All).Concat(TextForms.All).Concat(TextKinds.All)
            .ToFrozenDictionary(method => method.Name);

    private static readonly FrozenDictionary<string, Builtin> Dictionary =
        DictionaryMethods.All.ToFrozenDictionary(method => method.Name);

    private static readonly FrozenDictionary<string, Builtin> Sequence =
        SequenceMethods.All.ToFrozenDictionary(method => method.Name);

    private static readonly FrozenSet<string> ForbiddenOfDictionary =
        FrozenSet.Create("clear", "pop", "popitem", "setdefault", "update");

    private static readonly FrozenSet<string> ForbiddenOfList =
        FrozenSet.Create("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    private static readonly FrozenSet<string> OfOthers = FrozenSet.Create("caller", "changed", "cycle", "next", "reset");

    public static IEnumerable<string> Names => Text.Keys.Concat(Dictionary.Keys).Concat(Sequence.Keys).Distinct();

    /// <summary>Whether any value has a method of this name.</summary>
    public static bool Knows(string name) => Text.ContainsKey(name) || Dictionary.ContainsKey(name) || Sequence.ContainsKey(name)
        || ForbiddenOfDictionary.Contains(name) || ForbiddenOfList.Contains(name) || OfOthers.Contains(name);

    /// <summary>The value's own method; null where its type has none of that name.</summary>
    public static Value? Find(Value owner, string name) => owner switch
    {
        TextValue => Find(Text, FrozenSet<string>.Empty, owner, name),
        DictionaryValue => Find(Dictionary, ForbiddenOfDictionary, owner, name),
        SequenceValue { Kind: SequenceKind.List } => Find(Sequence, ForbiddenOfList, owner, name),
        SequenceValue { IsView: false } => Find(Sequence, FrozenSet<string>.Empty, owner, name),
        _ => null,
    };

    // As in Jinja's sandbox, a method that would change its object is undefined, with a reason that a call of it gives.
    private static Value? Find(FrozenDictionary<string, Builtin> methods, FrozenSet<string> forbidden, Value owner, string name) =>
        methods.TryGetValue(name, out var method) ? new BuiltinValue(method, owner)
        : forbidden.Contains(name) ? new UndefinedValue(
            $"the method '{name}' of '{owner.TypeName}' changes its object, which a template may not; build a new one, or use namespace()")
        : null;
}
