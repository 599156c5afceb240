using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Methods;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Filters;

/// <summary>Filters on a text; a value of another kind is printed first.</summary>
internal static class TextFilters
{
    public static readonly Builtin[] All =
    [
        new("upper", 0, (run, self, _) => TextForms.Upper(run, run.Print(self)), []),
        new("lower", 0, (run, self, _) => TextForms.Lower(run, run.Print(self)), []),
        new("capitalize", 0, (run, self, _) => TextForms.Capitalize(run, run.Print(self)), []),
        new("title", 0, (run, self, _) => Title(run, run.Print(self)), []),
        new("trim", 0, (run, self, arguments) => TextTrimming.Strip(run.Print(self), arguments.Some(0), true, true), ["chars"]),
        new("replace", 2, Replace, ["old", "new", "count"]),
        new("center", 0, (run, self, arguments) => TextTrimming.Centre(run, run.Print(self), arguments.Integer(0, 80)), ["width"]),
        new("indent", 0, Indent, ["width", "first", "blank"]),
        new("truncate", 0, Truncate, ["length", "killwords", "end", "leeway"]),
        new("wordcount", 0, (run, self, _) => IntegerValue.Of(CountWords(run.Print(self).Text)), []),
        new("format", 0, Format, ["*args"]),
        new("escape", 0, (run, self, _) => Escape(run, run.Print(self)), []),
        new("e", 0, (run, self, _) => Escape(run, run.Print(self)), []),
        new("forceescape", 0, (run, self, _) => Escape(run, run.Print(self)), []),
        new("safe", 0, (run, self, _) => run.Print(self), []),
    ];

    private static TextValue Title(Run run, TextValue text)
    {
        var (title, start) = (run.NewText(), 0);
        while (start < text.Text.Length)
        {
            var end = start;
            while (end < text.Text.Length && IsWordBreak(text.Text[end]) == IsWordBreak(text.Text[start]))
            {
                end++;
            }

            var first = text.Slice(start, 1);
            title.Append(TextForms.Upper(run, first)).Append(TextForms.Lower(run, text.Slice(start + 1, end - start - 1)));
            start = end;
        }

        return title.ToText();
    }

    private static bool IsWordBreak(char c) => c is '-' or '(' or '{' or '[' or '<' || PythonCharacters.IsSpace(c);

    private static TextValue Replace(Run run, Value self, BoundArguments arguments)
    {
        var count = arguments.IntegerOrNone(2, -1);
        return TextCutting.Replace(run, run.Print(self), run.Print(arguments[0]), run.Print(arguments[1]), count < 0 ? -1 : count);
    }

    private static TextValue Indent(Run run, Value self, BoundArguments arguments)
    {
        var width = arguments.Find(0);
        var indent = width as TextValue ?? (TextValue)Operators.Apply(
            run, "*", TextValue.FromTemplate(" "), width ?? IntegerValue.Of(4));
        var (isFirst, isBlank) = (arguments.Flag(1, false), arguments.Flag(2, false));

        // The added line break makes a last empty line count, as it does in Jinja.
        var lines = TextCutting.Lines(run, run.NewText().Append(run.Print(self)).Append('\n').ToText(), keepsEnds: false);
        var indented = run.NewText();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = (TextValue)lines[i];
            indented.Append(i == 0 ? "" : "\n");
            indented.Append((i == 0 ? isFirst : isBlank || line.IsTrue) ? indent : TextValue.Empty).Append(line);
        }

        return indented.ToText();
    }

    private static TextValue Truncate(Run run, Value self, BoundArguments arguments)
    {
        var (text, length) = (run.Print(self), arguments.Integer(0, 255));
        var end = arguments.Printed(2, "...");
        if (length < end.Length)
        {
            throw TemplateException.Evaluation($"truncate() expects a length of at least {end.Length}, got {length}");
        }

        if (text.Length <= length + arguments.IntegerOrNone(3, 5))
        {
            return text;
        }

        var cut = text.Slice(0, text.UnitOf(length - end.Length));
        var space = cut.Text.LastIndexOf(' ');
        cut = !arguments.Flag(1, false) && space >= 0 ? cut.Slice(0, space) : cut;
        return run.NewText().Append(cut).Append(end).ToText();
    }

    private static int CountWords(string text)
    {
        var (count, isInWord) = (0, false);
        foreach (var character in text)
        {
            var isWord = char.IsLetterOrDigit(character) || character == '_';
            count += isWord && !isInWord ? 1 : 0;
            isInWord = isWord;
        }

        return count;
    }

    private static TextValue Format(Run run, Value self, BoundArguments arguments)
    {
        var (positional, named) = (arguments.Given.Positional, arguments.Given.Named);
        if (positional.Count > 0 && named.Count > 0)
        {
            throw TemplateException.Evaluation("format() can't handle positional and keyword arguments at the same time");
        }

        if (named.Count == 0)
        {
            return PercentFormat.Format(run, run.Print(self), new SequenceValue(positional, SequenceKind.Tuple));
        }

        var values = new DictionaryValue(named.Count);
        foreach (var (name, value) in named)
        {
            values.Set(TextValue.FromTemplate(name), value);
        }

        return PercentFormat.Format(run, run.Print(self), values);
    }

    private static TextValue Escape(Run run, TextValue text)
    {
        var escaped = run.NewText();
        for (var at = 0; at < text.Text.Length; at++)
        {
            var entity = text.Text[at] switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&#34;", '\'' => "&#39;", _ => null };
            if (entity is null)
            {
                escaped.Append(text, at, 1);
            }
            else
            {
                escaped.Append(entity, text.IsFromCaller(at));
            }
        }

        return escaped.ToText();
    }
}
