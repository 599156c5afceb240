using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>Python's <c>'%s: %5.2f' % (name, price)</c>.</summary>
internal static class PercentFormat
{
    public static TextValue Format(Run run, TextValue format, Value values)
    {
        var result = run.NewText();
        var (text, next) = (format.Text, 0);
        for (var at = 0; at < text.Length;)
        {
            var percent = text.IndexOf('%', at);
            var end = percent < 0 ? text.Length : percent;
            result.Append(format, at, end - at);
            if (percent < 0)
            {
                break;
            }

            at = percent + 1;
            var key = ReadKey(text, ref at);
            var spec = ReadSpec(text, ref at);
            if (spec.Type == '%')
            {
                result.Append(format, at - 1, 1);
                continue;
            }

            result.Append(Print(run, spec, key is null ? Next(values, ref next) : Find(values, key)));
        }

        // Python lets a mapping or a list go unread.
        var expected = values is SequenceValue { IsTuple: true } tuple ? tuple.Items.Count
            : values is DictionaryValue or SequenceValue ? 0 : 1;
        if (next < expected)
        {
            throw TemplateException.Evaluation("not all arguments converted during string formatting");
        }

        return result.ToText();
    }

    private static TextValue Print(Run run, FormatSpec spec, Value value)
    {
        switch (spec.Type)
        {
            case 's':
                return RightAligned(spec).Format(run, run.Print(value));
            case 'r' or 'a':
                var represented = run.NewText();
                value.Represent(represented);
                return RightAligned(spec).Format(run, represented.ToText());
            case 'c':
                return RightAligned(spec).Format(run, value is TextValue { Length: 1 } point ? point : throw NotANumber(spec, value));
            case 'd' or 'i' or 'u' when value is FloatValue number && double.IsFinite(number.Number):
                return spec.Format(run, (Value)IntegerValue.Of(new System.Numerics.BigInteger(number.Number)));
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return Numbers.IsNumber(value) ? spec.Format(run, value) : throw NotANumber(spec, value);
            default:
                throw TemplateException.Evaluation($"unsupported format character '{spec.Type}'");
        }
    }

    private static FormatSpec RightAligned(FormatSpec spec) => spec with { Align = spec.Align == '<' ? '<' : '>', Fill = " " };

    private static TemplateException NotANumber(FormatSpec spec, Value value) =>
        (value as UndefinedValue)?.Error() ?? TemplateException.Evaluation($"%{spec.Type} format: a real number is required, not {value.TypeName}");

    private static string? ReadKey(string text, ref int at)
    {
        if (at >= text.Length || text[at] != '(')
        {
            return null;
        }

        var end = text.IndexOf(')', at);
        var key = end < 0 ? throw TemplateException.Evaluation("incomplete format key") : text[(at + 1)..end];
        at = end + 1;
        return key;
    }

    private static FormatSpec ReadSpec(string text, ref int at)
    {
        var spec = FormatSpec.Plain;
        for (; at < text.Length && "-+ #0".Contains(text[at], StringComparison.Ordinal); at++)
        {
            spec = text[at] switch
            {
                '-' => spec with { Align = '<', Fill = " " },
                '0' => spec.Align == '<' ? spec : spec with { Align = '=', Fill = "0" },
                '#' => spec with { Alternate = true },
                var sign => spec with { Sign = sign },
            };
        }

        spec = spec with { Width = ReadNumber(text, ref at) ?? 0 };
        if (at < text.Length && text[at] == '.')
        {
            at++;
            spec = spec with { Precision = ReadNumber(text, ref at) ?? 0 };
        }

        return at < text.Length
            ? spec with { Type = text[at++] }
            : throw TemplateException.Evaluation("incomplete format");
    }

    internal static int? ReadNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at == start ? null
            : at - start < 6 ? int.Parse(text.AsSpan(start, at - start), System.Globalization.CultureInfo.InvariantCulture)
            : throw TemplateException.Limit("a width or precision in a format is too large");
    }

    private static Value Next(Value values, ref int next)
    {
        var place = next++;
        return values is SequenceValue { IsTuple: true } tuple
            ? place < tuple.Items.Count ? tuple.Items[place] : throw TooFew()
            : place == 0 ? values : throw TooFew();
    }

    private static TemplateException TooFew() => TemplateException.Evaluation("not enough arguments for format string");

    private static Value Find(Value values, string key) => values is DictionaryValue dictionary
        ? dictionary.Find(key) ?? throw TemplateException.Evaluation($"the format wants a value named '{key}'")
        : throw TemplateException.Evaluation("format requires a mapping");
}
