using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>Methods that cut a text into parts, and those that put parts together.</summary>
internal static class TextCutting
{
    public static readonly Builtin[] All =
    [
        new("split", 0, (run, self, arguments) => Split(run, self, arguments, fromEnd: false), ["sep", "maxsplit"]),
        new("rsplit", 0, (run, self, arguments) => Split(run, self, arguments, fromEnd: true), ["sep", "maxsplit"]),
        new("splitlines", 0, (run, self, arguments) => new SequenceValue(Lines(run, (TextValue)self, arguments.Flag(0, false))), ["keepends"]),
        new("partition", 1, (_, self, arguments) => Partition((TextValue)self, Separator(arguments[0]), last: false), ["sep"]),
        new("rpartition", 1, (_, self, arguments) => Partition((TextValue)self, Separator(arguments[0]), last: true), ["sep"]),
        new("replace", 2, (run, self, arguments) =>
            Replace(run, (TextValue)self, arguments.Text(0), arguments.Text(1), arguments.Integer(2, -1)), ["old", "new", "count"]),
        new("join", 1, Join, ["iterable"]),
    ];

    public static List<Value> Lines(Run run, TextValue text, bool keepsEnds)
    {
        var lines = new List<Value>();
        for (var start = 0; start < text.Text.Length;)
        {
            run.Step();
            var end = start;
            while (end < text.Text.Length && !PythonCharacters.IsLineBreak(text.Text[end]))
            {
                end++;
            }

            var next = end + (end + 1 < text.Text.Length && text.Text[end] == '\r' && text.Text[end + 1] == '\n' ? 2 : 1);
            lines.Add(text.Slice(start, (keepsEnds ? Math.Min(next, text.Text.Length) : end) - start));
            start = next;
        }

        return lines;
    }

    public static TextValue Replace(Run run, TextValue text, TextValue old, TextValue by, int count)
    {
        var replaced = run.NewText();
        var at = 0;
        for (var times = 0; times != count; times++)
        {
            run.Step();
            if (old.Text.Length == 0)
            {
                // An empty text is found before each character and at the end.
                if (times > text.Length)
                {
                    break;
                }

                var size = times == 0 ? 0 : text.UnitOf(times) - text.UnitOf(times - 1);
                replaced.Append(text, at, size).Append(by);
                at += size;
                continue;
            }

            var found = text.Text.IndexOf(old.Text, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            replaced.Append(text, at, found - at).Append(by);
            at = found + old.Text.Length;
        }

        return at == 0 && replaced.Length == 0 ? text : replaced.Append(text, at, text.Text.Length - at).ToText();
    }

    private static SequenceValue Split(Run run, Value self, BoundArguments arguments, bool fromEnd)
    {
        var text = (TextValue)self;
        var most = arguments.Integer(1, -1);
        most = most < 0 ? int.MaxValue : most;
        var separator = arguments.Some(0) is { } given ? Separator(given) : null;
        var parts = separator is null
            ? fromEnd ? WordsFromEnd(run, text, most) : Words(run, text, most)
            : fromEnd ? PartsFromEnd(run, text, separator, most) : Parts(run, text, separator, most);
        return new(parts);
    }

    private static string Separator(Value value) => value is TextValue text
        ? text.Text.Length > 0 ? text.Text : throw TemplateException.Evaluation("empty separator")
        : throw TemplateException.Evaluation($"must be str or None, not {value.TypeName}");

    private static List<Value> Parts(Run run, TextValue text, string separator, int most)
    {
        var (parts, start) = (new List<Value>(), 0);
        while (parts.Count < most && text.Text.IndexOf(separator, start, StringComparison.Ordinal) is >= 0 and var found)
        {
            run.Step();
            parts.Add(text.Slice(start, found - start));
            start = found + separator.Length;
        }

        parts.Add(text.Slice(start));
        return parts;
    }

    private static List<Value> PartsFromEnd(Run run, TextValue text, string separator, int most)
    {
        var (parts, end) = (new List<Value>(), text.Text.Length);
        while (parts.Count < most && text.Text.AsSpan(0, end).LastIndexOf(separator) is >= 0 and var found)
        {
            run.Step();
            parts.Add(text.Slice(found + separator.Length, end - found - separator.Length));
            end = found;
        }

        parts.Add(text.Slice(0, end));
        parts.Reverse();
        return parts;
    }

    private static List<Value> Words(Run run, TextValue text, int most)
    {
        var (parts, at) = (new List<Value>(), 0);
        while (true)
        {
            run.Step();
            while (at < text.Text.Length && PythonCharacters.IsSpace(text.Text[at]))
            {
                at++;
            }

            if (at == text.Text.Length)
            {
                return parts;
            }

            if (parts.Count == most)
            {
                parts.Add(text.Slice(at));
                return parts;
            }

            var start = at;
            while (at < text.Text.Length && !PythonCharacters.IsSpace(text.Text[at]))
            {
                at++;
            }

            parts.Add(text.Slice(start, at - start));
        }
    }

    private static List<Value> WordsFromEnd(Run run, TextValue text, int most)
    {
        var (parts, end) = (new List<Value>(), text.Text.Length);
        while (true)
        {
            run.Step();
            while (end > 0 && PythonCharacters.IsSpace(text.Text[end - 1]))
            {
                end--;
            }

            if (end == 0)
            {
                break;
            }

            if (parts.Count == most)
            {
                parts.Add(text.Slice(0, end));
                break;
            }

            var start = end;
            while (start > 0 && !PythonCharacters.IsSpace(text.Text[start - 1]))
            {
                start--;
            }

            parts.Add(text.Slice(start, end - start));
            end = start;
        }

        parts.Reverse();
        return parts;
    }

    private static SequenceValue Partition(TextValue text, string separator, bool last)
    {
        var found = last
            ? text.Text.LastIndexOf(separator, StringComparison.Ordinal)
            : text.Text.IndexOf(separator, StringComparison.Ordinal);
        if (found < 0)
        {
            return last
                ? SequenceValue.Tuple(TextValue.Empty, TextValue.Empty, text)
                : SequenceValue.Tuple(text, TextValue.Empty, TextValue.Empty);
        }

        return SequenceValue.Tuple(
            text.Slice(0, found), text.Slice(found, separator.Length), text.Slice(found + separator.Length));
    }

    private static TextValue Join(Run run, Value self, BoundArguments arguments)
    {
        var joined = run.NewText();
        var items = Iteration.Items(run, arguments[0]);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not TextValue item)
            {
                throw TemplateException.Evaluation($"sequence item {i}: expected str instance, {items[i].TypeName} found");
            }

            joined.Append(i == 0 ? TextValue.Empty : (TextValue)self).Append(item);
        }

        return joined.ToText();
    }
}
