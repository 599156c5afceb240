using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Python's binary operators on any two values.</summary>
internal static class Operators
{
    public static Value Apply(Run run, string symbol, Value left, Value right)
    {
        if (left is UndefinedValue || right is UndefinedValue)
        {
            throw (left as UndefinedValue ?? (UndefinedValue)right).Error();
        }

        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
        {
            return symbol switch
            {
                "+" => Numbers.Add(left, right),
                "-" => Numbers.Subtract(left, right),
                "*" => Numbers.Multiply(left, right),
                "/" => Numbers.Divide(left, right),
                "//" => Numbers.FloorDivide(left, right),
                "%" => Numbers.Modulo(left, right),
                _ => Numbers.Power(left, right),
            };
        }

        return (symbol, left, right) switch
        {
            ("+", TextValue a, TextValue b) => run.NewText().Append(a).Append(b).ToText(),
            ("+", SequenceValue a, SequenceValue b) when a.TypeName == b.TypeName && (a.IsTuple || a.Kind == SequenceKind.List) =>
                Join(run, a, b),
            ("+", TextValue or SequenceValue, _) => throw TemplateException.Evaluation(
                $"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}"),
            ("*", TextValue or SequenceValue, IntegerValue or BooleanValue) => Repeat(run, left, right),
            ("*", IntegerValue or BooleanValue, TextValue or SequenceValue) => Repeat(run, right, left),
            ("%", TextValue format, _) => PercentFormat.Format(run, format, right),
            _ => throw TemplateException.Evaluation(
                $"unsupported operand type(s) for {symbol}: '{left.TypeName}' and '{right.TypeName}'"),
        };
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(Run run, Value container, Value item)
    {
        switch (container)
        {
            case TextValue text when item is TextValue part:
                run.StepText(text.Text.Length);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case TextValue:
                throw (item as UndefinedValue)?.Error() ?? TemplateException.Evaluation(
                    $"'in <string>' requires string as left operand, not {item.TypeName}");
            case DictionaryValue dictionary:
                return dictionary.Find(item) is not null;
            default:
                return Iteration.Items(run, container).Any(candidate => Equality.AreEqual(candidate, item));
        }
    }

    public static bool Compare(Run run, string symbol, Value left, Value right) => symbol switch
    {
        "==" => Equality.AreEqual(left, right),
        "!=" => !Equality.AreEqual(left, right),
        "in" => Contains(run, right, left),
        "not in" => !Contains(run, right, left),
        "<" => Ordering.Compare(left, right, symbol) < 0,
        "<=" => Ordering.Compare(left, right, symbol) <= 0,
        ">" => Ordering.Compare(left, right, symbol) > 0,
        _ => Ordering.Compare(left, right, symbol) >= 0,
    };

    private static SequenceValue Join(Run run, SequenceValue left, SequenceValue right)
    {
        run.Step(left.Items.Count + right.Items.Count);
        return new([.. left.Items, .. right.Items], left.IsTuple ? SequenceKind.Tuple : SequenceKind.List);
    }

    private static Value Repeat(Run run, Value repeated, Value count)
    {
        var times = Numbers.AsInteger(count)!.Value;
        var size = times.Sign <= 0 ? 0 : times * Iteration.Length(repeated)!.Value;
        if (size > int.MaxValue)
        {
            throw TemplateException.Limit("a repetition is too long");
        }

        if (repeated is SequenceValue sequence)
        {
            run.Step((long)size);
            var items = new List<Value>((int)size);
            for (var i = 0; size > 0 && i < times; i++)
            {
                items.AddRange(sequence.Items);
            }

            return new SequenceValue(items, sequence.IsTuple ? SequenceKind.Tuple : SequenceKind.List);
        }

        var text = run.NewText();
        for (var i = 0; size > 0 && i < times; i++)
        {
            text.Append((TextValue)repeated);
        }

        return text.ToText();
    }
}
