namespace Serverless.Inference.Templates.Lexing;

/// <summary>A template's text with every line break as \n, and without the last one, as Jinja reads it.</summary>
internal sealed class Source
{
    public Source(string text)
    {
        var lines = text.ReplaceLineBreaks();
        Text = lines.EndsWith('\n') ? lines[..^1] : lines;
    }

    public string Text { get; }

    public TemplateException Error(TemplateFault fault, string reason, int place)
    {
        var before = Text.AsSpan(0, Math.Min(place, Text.Length));
        return new(fault, reason, LineOf(place), before.Length - before.LastIndexOf('\n'));
    }

    public TemplateException SyntaxError(string reason, int place) => Error(TemplateFault.Syntax, reason, place);

    public int LineOf(int place) => Text.AsSpan(0, Math.Min(place, Text.Length)).Count('\n') + 1;
}

file static class LineBreaks
{
    public static string ReplaceLineBreaks(this string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
}
