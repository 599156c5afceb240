using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>Python's <c>'{} {name:&gt;8}'.format(...)</c>; members reached by it obey the same rules as in the template.</summary>
internal static class BraceFormat
{
    public static TextValue Format(Run run, TextValue format, Arguments arguments)
    {
        var result = run.NewText();
        var (text, next) = (format.Text, 0);
        for (var at = 0; at < text.Length;)
        {
            var brace = text.AsSpan(at).IndexOfAny('{', '}') is >= 0 and var offset ? at + offset : text.Length;
            result.Append(format, at, brace - at);
            at = brace;
            if (at < text.Length && at + 1 < text.Length && text[at + 1] == text[at])
            {
                result.Append(format, at, 1);
                at += 2;
            }
            else if (at < text.Length)
            {
                AppendField(run, result, text, arguments, ref at, ref next);
            }
        }

        return result.ToText();
    }

    private static void AppendField(Run run, TextBuilder result, string text, Arguments arguments, ref int at, ref int next)
    {
        var end = text.IndexOf('}', at);
        if (text[at] == '}' || end < 0)
        {
            throw TemplateException.Evaluation("a single brace in a format string; write it twice to print it");
        }

        var field = text[(at + 1)..end];
        at = end + 1;
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var (path, spec) = colon < 0 ? (field, "") : (field[..colon], field[(colon + 1)..]);
        var bang = path.IndexOf('!', StringComparison.Ordinal);
        var (name, conversion) = bang < 0 ? (path, "") : (path[..bang], path[(bang + 1)..]);
        var value = Resolve(arguments, name, ref next);
        result.Append(Print(run, Convert(run, value, conversion), ReadSpec(spec)));
    }

    private static Value Resolve(Arguments arguments, string path, ref int next)
    {
        var end = path.AsSpan().IndexOfAny('.', '[') is >= 0 and var found ? found : path.Length;
        var first = path[..end];
        var value = first.Length == 0 ? Place(arguments, next++)
            : first.All(char.IsAsciiDigit) ? Place(arguments, first.Length < 9 ? int.Parse(first, System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue)
            : arguments.Find(first) ?? throw TemplateException.Evaluation($"the format wants an argument named '{first}'");
        foreach (var step in path[end..].Split('.', '[').Skip(1))
        {
            var key = step.TrimEnd(']');
            value = key.Length is > 0 and < 9 && key.All(char.IsAsciiDigit)
                ? Members.Bracket(value, IntegerValue.Of(int.Parse(key, System.Globalization.CultureInfo.InvariantCulture)))
                : Members.Bracket(value, TextValue.FromTemplate(key));
        }

        return value;
    }

    private static Value Place(Arguments arguments, int place) => place < arguments.Positional.Count
        ? arguments.Positional[place]
        : throw TemplateException.Evaluation($"the format wants an argument {place}, of {arguments.Positional.Count}");

    private static Value Convert(Run run, Value value, string conversion)
    {
        switch (conversion)
        {
            case "":
                return value;
            case "s":
                return run.Print(value);
            case "r":
                var represented = run.NewText();
                value.Represent(represented);
                return represented.ToText();
            default:
                throw TemplateException.Evaluation($"unknown conversion '!{conversion}' in a format string");
        }
    }

    private static TextValue Print(Run run, Value value, FormatSpec spec)
    {
        if (value is IntegerValue or FloatValue || (value is BooleanValue && spec.Type is not '\0' and not 's'))
        {
            return spec.Type == 's' ? throw TemplateException.Evaluation($"unknown format code 's' for '{value.TypeName}'") : spec.Format(run, value);
        }

        return spec.Type is '\0' or 's' && spec.Align != '='
            ? spec.Format(run, run.Print(value))
            : throw TemplateException.Evaluation($"unknown format code '{spec.Type}' for '{value.TypeName}'");
    }

    // [[fill]align][sign][#][0][width][,][.precision][type]
    private static FormatSpec ReadSpec(string text)
    {
        if (text.Length == 0)
        {
            return FormatSpec.Plain;
        }

        var (spec, at) = (FormatSpec.Plain, 0);
        if (text.Length > 1 && "<>=^".Contains(text[1], StringComparison.Ordinal))
        {
            (spec, at) = (spec with { Fill = text[..1], Align = text[1] }, 2);
        }
        else if ("<>=^".Contains(text[0], StringComparison.Ordinal))
        {
            (spec, at) = (spec with { Align = text[0] }, 1);
        }

        spec = Take(text, ref at, "+- ") is { } sign ? spec with { Sign = sign } : spec;
        spec = Take(text, ref at, "#") is not null ? spec with { Alternate = true } : spec;
        spec = Take(text, ref at, "0") is not null && spec.Align == '\0' ? spec with { Fill = "0", Align = '=' } : spec;
        spec = spec with { Width = PercentFormat.ReadNumber(text, ref at) ?? 0 };
        spec = Take(text, ref at, ",") is not null ? spec with { Grouped = true } : spec;
        if (Take(text, ref at, ".") is not null)
        {
            spec = spec with { Precision = PercentFormat.ReadNumber(text, ref at) ?? 0 };
        }

        spec = Take(text, ref at, "sdfFeEgGxXob%") is { } type ? spec with { Type = type } : spec;
        return at == text.Length ? spec : throw TemplateException.Evaluation($"invalid format specifier '{text}'");
    }

    private static char? Take(string text, ref int at, string choices) =>
        at < text.Length && choices.Contains(text[at], StringComparison.Ordinal) ? text[at++] : null;
}
