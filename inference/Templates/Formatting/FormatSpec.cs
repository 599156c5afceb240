using System.Globalization;
using System.Numerics;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>How one placeholder of <c>%</c> or <c>format</c> prints a value: <c>&gt;8.2f</c>.</summary>
internal sealed record FormatSpec(
    string Fill, char Align, char Sign, bool Alternate, int Width, bool Grouped, int? Precision, char Type)
{
    public static readonly FormatSpec Plain = new(" ", '\0', '-', false, 0, false, null, '\0');

    /// <summary>A text, cut to the precision and padded to the width.</summary>
    public TextValue Format(Run run, TextValue text)
    {
        if (Precision is { } most && most < text.Length)
        {
            text = text.Slice(0, text.UnitOf(most));
        }

        return Pad(run, text, Align == '\0' ? '<' : Align, "");
    }

    /// <summary>A number in the notation of <see cref="Type"/>.</summary>
    public TextValue Format(Run run, Value number)
    {
        var digits = Digits(number);
        var sign = digits.StartsWith('-') ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";
        return Pad(run, TextValue.FromTemplate(digits.TrimStart('-')), Align == '\0' ? '>' : Align, sign);
    }

    private string Digits(Value number)
    {
        if (Type is 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'b' || (Type == '\0' && number is not FloatValue))
        {
            var whole = Numbers.AsInteger(number)
                ?? throw TemplateException.Evaluation($"the format '{Type}' wants a whole number, not '{number.TypeName}'");
            return Whole(whole);
        }

        var value = Numbers.AsFloat(number);
        var digits = Type switch
        {
            'f' or 'F' => FloatFormat.Fixed(value, Precision ?? 6),
            '%' => FloatFormat.Fixed(value * 100, Precision ?? 6) + "%",
            'e' or 'E' => Scientific(value, Precision ?? 6),
            'g' or 'G' => General(value, Precision ?? 6),
            '\0' when Precision is { } precision => General(value, precision),
            '\0' => FloatFormat.Represent(value),
            _ => throw TemplateException.Evaluation($"unknown format '{Type}' for '{number.TypeName}'"),
        };
        digits = char.IsUpper(Type) ? digits.ToUpperInvariant() : digits;
        return Grouped ? Group(digits) : digits;
    }

    private string Whole(BigInteger whole)
    {
        var digits = Type switch
        {
            'x' or 'X' => InBase(whole, 16, Alternate ? "0x" : ""),
            'o' => InBase(whole, 8, Alternate ? "0o" : ""),
            'b' => InBase(whole, 2, Alternate ? "0b" : ""),
            _ => whole.ToString(CultureInfo.InvariantCulture),
        };
        digits = Type == 'X' ? digits.ToUpperInvariant() : digits;
        return Grouped ? Group(digits) : digits;
    }

    private static string InBase(BigInteger whole, int radix, string prefix)
    {
        var digits = new Stack<char>();
        for (var rest = BigInteger.Abs(whole); !rest.IsZero || digits.Count == 0; rest /= radix)
        {
            digits.Push("0123456789abcdef"[(int)(rest % radix)]);
        }

        return (whole.Sign < 0 ? "-" : "") + prefix + new string([.. digits]);
    }

    private static string Group(string digits)
    {
        var end = digits.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point ? point : digits.Length;
        for (var at = end - 3; at > (digits.StartsWith('-') ? 1 : 0); at -= 3)
        {
            digits = digits.Insert(at, ",");
        }

        return digits;
    }

    private static string Scientific(double value, int precision)
    {
        if (!double.IsFinite(value))
        {
            return FloatFormat.Represent(value);
        }

        var text = value.ToString("e" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var at = text.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(text.AsSpan(at + 1), CultureInfo.InvariantCulture);
        return $"{text[..at]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static string General(double value, int precision)
    {
        precision = Math.Max(1, precision);
        var scientific = Scientific(value, precision - 1);
        var at = scientific.IndexOf('e', StringComparison.Ordinal);
        if (at < 0)
        {
            return scientific;
        }

        var exponent = int.Parse(scientific.AsSpan(at + 1), CultureInfo.InvariantCulture);
        return exponent < -4 || exponent >= precision
            ? WithoutZeros(scientific[..at]) + scientific[at..]
            : WithoutZeros(FloatFormat.Fixed(value, precision - 1 - exponent));
    }

    private static string WithoutZeros(string digits) =>
        digits.Contains('.', StringComparison.Ordinal) ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private TextValue Pad(Run run, TextValue text, char align, string sign)
    {
        var missing = Math.Max(0, Width - text.Length - sign.Length);
        var left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        var padded = run.NewText();
        run.CheckLength(missing);
        padded.Append(align == '=' ? sign : "");
        Repeat(padded, left);
        padded.Append(align == '=' ? "" : sign).Append(text);
        Repeat(padded, missing - left);
        return padded.ToText();
    }

    private void Repeat(TextBuilder text, int times)
    {
        for (var i = 0; i < times; i++)
        {
            text.Append(Fill);
        }
    }
}
