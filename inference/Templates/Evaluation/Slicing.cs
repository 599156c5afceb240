using System.Numerics;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Python's <c>value[start:stop:step]</c>.</summary>
internal static class Slicing
{
    public static Value Slice(Run run, Value owner, Value start, Value stop, Value step)
    {
        Members.RequireDefined(owner);
        if (owner is not TextValue and not SequenceValue { IsView: false })
        {
            throw TemplateException.Evaluation($"'{owner.TypeName}' object is not subscriptable by a slice");
        }

        var stride = Bound(step) ?? 1;
        if (stride == 0)
        {
            throw TemplateException.Evaluation("slice step cannot be zero");
        }

        var length = Iteration.Length(owner)!.Value;
        var (lowest, highest) = stride > 0 ? (0, length) : (-1, length - 1);
        var first = Clamp(Bound(start), length, lowest, highest, stride > 0 ? lowest : highest);
        var end = Clamp(Bound(stop), length, lowest, highest, stride > 0 ? highest : lowest);
        if (owner is TextValue text)
        {
            return stride == 1 ? Part(text, first, end) : Pick(run, text, first, end, stride);
        }

        var sequence = (SequenceValue)owner;
        var items = new List<Value>();
        for (long i = first; stride > 0 ? i < end : i > end; i += stride)
        {
            run.Step();
            items.Add(sequence.Items[(int)i]);
        }

        return new SequenceValue(items, sequence.IsTuple ? SequenceKind.Tuple : sequence.Kind);
    }

    private static TextValue Part(TextValue text, int first, int end)
    {
        var (from, to) = (text.UnitOf(first), text.UnitOf(Math.Max(first, end)));
        return text.Slice(from, to - from);
    }

    private static TextValue Pick(Run run, TextValue text, int first, int end, int stride)
    {
        var points = text.Points().ToArray();
        run.Step(points.Length);
        var picked = run.NewText();
        for (long i = first; stride > 0 ? i < end : i > end; i += stride)
        {
            picked.Append(points[i]);
        }

        return picked.ToText();
    }

    private static int? Bound(Value bound) => bound switch
    {
        NoneValue => null,
        UndefinedValue undefined => throw undefined.Error(),
        _ when Numbers.AsInteger(bound) is { } number => (int)BigInteger.Max(-int.MaxValue, BigInteger.Min(int.MaxValue, number)),
        _ => throw TemplateException.Evaluation($"slice indices must be integers or None, not '{bound.TypeName}'"),
    };

    private static int Clamp(int? bound, int length, int lowest, int highest, int otherwise) => bound switch
    {
        null => otherwise,
        < 0 => Math.Max(lowest, bound.Value + length),
        _ => Math.Min(highest, bound.Value),
    };
}
