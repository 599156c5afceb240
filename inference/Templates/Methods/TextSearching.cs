using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>Methods that look for a text in a text; places count code points.</summary>
internal static class TextSearching
{
    private static readonly string[] Range = ["sub", "start", "end"];

    public static readonly Builtin[] All =
    [
        new("startswith", 1, (run, self, arguments) => IsAtEdge(run, self, arguments, atStart: true), Range),
        new("endswith", 1, (run, self, arguments) => IsAtEdge(run, self, arguments, atStart: false), Range),
        new("find", 1, (_, self, arguments) => IntegerValue.Of(Find(self, arguments, last: false)), Range),
        new("rfind", 1, (_, self, arguments) => IntegerValue.Of(Find(self, arguments, last: true)), Range),
        new("index", 1, (_, self, arguments) => Index(self, arguments, last: false), Range),
        new("rindex", 1, (_, self, arguments) => Index(self, arguments, last: true), Range),
        new("count", 1, Count, Range),
        new("format", 0, (run, self, arguments) => BraceFormat.Format(run, (TextValue)self, arguments.Given), ["*args"]),
    ];

    private static BooleanValue IsAtEdge(Run run, Value self, BoundArguments arguments, bool atStart)
    {
        if (Window(self, arguments) is not var (text, _))
        {
            return BooleanValue.False;
        }

        var edges = arguments[0] switch
        {
            TextValue one => [one],
            SequenceValue { IsTuple: true } several => several.Items,
            _ => throw TemplateException.Evaluation($"first arg must be str or a tuple of str, not {arguments[0].TypeName}"),
        };
        run.Step(edges.Count);
        return BooleanValue.Of(edges.Any(edge => edge is TextValue part
            ? atStart ? text.StartsWith(part.Text, StringComparison.Ordinal) : text.EndsWith(part.Text, StringComparison.Ordinal)
            : throw TemplateException.Evaluation($"tuple for startswith or endswith must only contain str, not {edge.TypeName}")));
    }

    private static IntegerValue Index(Value self, BoundArguments arguments, bool last) =>
        Find(self, arguments, last) is >= 0 and var found
            ? IntegerValue.Of(found)
            : throw TemplateException.Evaluation("substring not found");

    private static int Find(Value self, BoundArguments arguments, bool last)
    {
        var part = arguments.Text(0).Text;
        if (Window(self, arguments) is not var (text, start))
        {
            return -1;
        }

        var found = last ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return found < 0 ? -1 : start + TextValue.FromTemplate(text).PointOf(found);
    }

    private static IntegerValue Count(Run run, Value self, BoundArguments arguments)
    {
        var part = arguments.Text(0).Text;
        if (Window(self, arguments) is not var (text, _))
        {
            return IntegerValue.Of(0);
        }

        if (part.Length == 0)
        {
            return IntegerValue.Of(TextValue.FromTemplate(text).Length + 1);
        }

        var count = 0;
        for (var at = 0; text.IndexOf(part, at, StringComparison.Ordinal) is >= 0 and var found; at = found + part.Length)
        {
            run.Step();
            count++;
        }

        return IntegerValue.Of(count);
    }

    // The part between start and end; null where start lies beyond the end.
    private static (string Text, int Start)? Window(Value self, BoundArguments arguments)
    {
        var text = (TextValue)self;
        if (arguments.Some(1) is null && arguments.Some(2) is null)
        {
            return (text.Text, 0);
        }

        var start = arguments.IntegerOrNone(1, 0);
        var end = arguments.IntegerOrNone(2, text.Length);
        start = start < 0 ? Math.Max(0, start + text.Length) : start;
        end = end < 0 ? Math.Max(0, end + text.Length) : Math.Min(end, text.Length);
        if (start > end)
        {
            return null;
        }

        var from = text.UnitOf(start);
        return (text.Text[from..text.UnitOf(end)], start);
    }
}
