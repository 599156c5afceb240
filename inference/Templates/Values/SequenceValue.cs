using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

internal enum SequenceKind
{
    List,
    Tuple,

    /// <summary>What <c>groupby</c> yields: a pair with the members <c>grouper</c> and <c>list</c>.</summary>
    Group,
    Range,
    Items,
    Keys,
    Values,
}

/// <summary>A list, a tuple, a range or a dictionary's view: known items in order.</summary>
internal sealed class SequenceValue(IReadOnlyList<Value> items, SequenceKind kind = SequenceKind.List) : Value
{
    public IReadOnlyList<Value> Items => items;

    public SequenceKind Kind => kind;

    public bool IsView => kind is SequenceKind.Items or SequenceKind.Keys or SequenceKind.Values;

    public bool IsTuple => kind is SequenceKind.Tuple or SequenceKind.Group;

    public override bool IsTrue => items.Count > 0;

    public override string TypeName => kind switch
    {
        SequenceKind.List => "list",
        SequenceKind.Tuple or SequenceKind.Group => "tuple",
        SequenceKind.Range => "range",
        SequenceKind.Items => "dict_items",
        SequenceKind.Keys => "dict_keys",
        _ => "dict_values",
    };

    public static SequenceValue Tuple(params Value[] items) => new(items, SequenceKind.Tuple);

    public override void Represent(TextBuilder text)
    {
        StackGuard.Check();
        switch (kind)
        {
            case SequenceKind.Tuple or SequenceKind.Group:
                text.Append('(');
                RepresentItems(text);
                text.Append(items.Count == 1 ? ",)" : ")");
                break;
            case SequenceKind.Range:
                RepresentRange(text);
                break;
            default:
                text.Append(IsView ? TypeName + "([" : "[");
                RepresentItems(text);
                text.Append(IsView ? "])" : "]");
                break;
        }
    }

    private void RepresentItems(TextBuilder text)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                text.Append(", ");
            }

            items[i].Represent(text);
        }
    }

    private void RepresentRange(TextBuilder text)
    {
        var first = items.Count > 0 ? ((IntegerValue)items[0]).Number : 0;
        var step = items.Count > 1 ? ((IntegerValue)items[1]).Number - first : 1;
        var end = items.Count > 0 ? ((IntegerValue)items[^1]).Number + step : first;
        text.Append(step == 1 ? $"range({first}, {end})" : $"range({first}, {end}, {step})");
    }
}

/// <summary>What Jinja makes lazily (<c>map</c>, <c>select</c>): it can be read through once, has no length, and is always true.</summary>
internal sealed class GeneratorValue(IReadOnlyList<Value> items) : Value
{
    private int _next;

    public override string TypeName => "generator";

    public Value? Take() => _next < items.Count ? items[_next++] : null;

    public IReadOnlyList<Value> TakeRest()
    {
        var rest = _next == 0 ? items : [.. items.Skip(_next)];
        _next = items.Count;
        return rest;
    }

    public override void Represent(TextBuilder text) => text.Append("<generator object>");
}
