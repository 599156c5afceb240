using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>Methods that take characters off a text's ends, or add them.</summary>
internal static class TextTrimming
{
    public static readonly Builtin[] All =
    [
        new("strip", 0, (_, self, arguments) => Strip((TextValue)self, arguments.Some(0), true, true), ["chars"]),
        new("lstrip", 0, (_, self, arguments) => Strip((TextValue)self, arguments.Some(0), true, false), ["chars"]),
        new("rstrip", 0, (_, self, arguments) => Strip((TextValue)self, arguments.Some(0), false, true), ["chars"]),
        new("removeprefix", 1, (_, self, arguments) => RemovePrefix((TextValue)self, arguments.Text(0).Text), ["prefix"]),
        new("removesuffix", 1, (_, self, arguments) => RemoveSuffix((TextValue)self, arguments.Text(0).Text), ["suffix"]),
        new("ljust", 1, (run, self, arguments) => Pad(run, self, arguments, static (_, _) => 0), ["width", "fillchar"]),
        new("rjust", 1, (run, self, arguments) => Pad(run, self, arguments, static (missing, _) => missing), ["width", "fillchar"]),
        new("center", 1, (run, self, arguments) => Pad(run, self, arguments, CentredLeft), ["width", "fillchar"]),
        new("zfill", 1, ZeroFill, ["width"]),
        new("expandtabs", 0, ExpandTabs, ["tabsize"]),
    ];

    public static TextValue Strip(TextValue text, Value? characters, bool fromStart, bool fromEnd)
    {
        var set = characters switch
        {
            null => null,
            TextValue chosen => chosen.Points().Select(point => point.Text).ToHashSet(),
            _ => throw TemplateException.Evaluation($"strip arg must be None or str, not {characters.TypeName}"),
        };
        var (start, end) = (0, text.Text.Length);
        while (fromStart && start < end && Size(text.Text, start, forward: true, set) is > 0 and var size)
        {
            start += size;
        }

        while (fromEnd && end > start && Size(text.Text, end, forward: false, set) is > 0 and var size)
        {
            end -= size;
        }

        return text.Slice(start, end - start);
    }

    public static TextValue Centre(Run run, TextValue text, int width) =>
        Pad(run, text, width, TextValue.FromTemplate(" "), CentredLeft);

    // The size of the character at an edge if it is to go, else 0.
    private static int Size(string text, int edge, bool forward, HashSet<string>? set)
    {
        var first = forward ? edge : edge - 1;
        if (set is null)
        {
            return PythonCharacters.IsSpace(text[first]) ? 1 : 0;
        }

        var pair = forward ? edge : edge - 2;
        var isPair = pair >= 0 && pair + 1 < text.Length && char.IsSurrogatePair(text, pair);
        var character = isPair ? text.Substring(pair, 2) : text.Substring(first, 1);
        return set.Contains(character) ? character.Length : 0;
    }

    private static TextValue RemovePrefix(TextValue text, string prefix) =>
        text.Text.StartsWith(prefix, StringComparison.Ordinal) ? text.Slice(prefix.Length) : text;

    private static TextValue RemoveSuffix(TextValue text, string suffix) =>
        text.Text.EndsWith(suffix, StringComparison.Ordinal) ? text.Slice(0, text.Text.Length - suffix.Length) : text;

    // Python's rule: an odd space goes left if the width is odd.
    private static int CentredLeft(int missing, int width) => missing / 2 + (missing & width & 1);

    private static TextValue Pad(Run run, Value self, BoundArguments arguments, Func<int, int, int> left)
    {
        var fill = arguments.Find(1) is null ? TextValue.FromTemplate(" ") : arguments.Text(1);
        return fill.Length == 1
            ? Pad(run, (TextValue)self, arguments.Integer(0, 0), fill, left)
            : throw TemplateException.Evaluation("the fill character must be exactly one character long");
    }

    private static TextValue Pad(Run run, TextValue text, int width, TextValue fill, Func<int, int, int> left)
    {
        var missing = width - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        run.CheckLength(width);
        var before = left(missing, width);
        var padded = run.NewText();
        Repeat(run, fill, before).Print(padded);
        padded.Append(text);
        Repeat(run, fill, missing - before).Print(padded);
        return padded.ToText();
    }

    private static Value Repeat(Run run, TextValue fill, int times) => Operators.Apply(run, "*", fill, IntegerValue.Of(times));

    private static TextValue ZeroFill(Run run, Value self, BoundArguments arguments)
    {
        var text = (TextValue)self;
        var missing = arguments.Integer(0, 0) - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        var sign = text.Text.StartsWith('-') || text.Text.StartsWith('+') ? 1 : 0;
        run.CheckLength(missing);
        return run.NewText().Append(text, 0, sign).Append(new string('0', missing)).Append(text.Slice(sign)).ToText();
    }

    private static TextValue ExpandTabs(Run run, Value self, BoundArguments arguments)
    {
        var (text, size, column) = ((TextValue)self, arguments.Integer(0, 8), 0);
        run.CheckLength(size);
        var expanded = run.NewText();
        for (var at = 0; at < text.Text.Length; at++)
        {
            if (text.Text[at] == '\t')
            {
                var spaces = size > 0 ? size - column % size : 0;
                expanded.Append(new string(' ', spaces), text.IsFromCaller(at));
                column += spaces;
                continue;
            }

            expanded.Append(text, at, 1);
            column = text.Text[at] is '\n' or '\r' ? 0 : column + (char.IsLowSurrogate(text.Text[at]) ? 0 : 1);
        }

        return expanded.ToText();
    }
}
