using System.Text;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Values;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Templates.Text;

/// <summary>Joins texts and keeps which characters are the caller's; refuses to grow beyond the limit.</summary>
internal sealed class TextBuilder(Run run)
{
    private readonly StringBuilder _text = new();
    private List<CallerSpan>? _marks;

    public Run Run { get; } = run;

    public int Length => _text.Length;

    public TextBuilder Append(string templateText)
    {
        Grow(templateText.Length);
        _text.Append(templateText);
        return this;
    }

    public TextBuilder Append(char character, bool fromCaller = false)
    {
        Grow(1);
        if (fromCaller)
        {
            Mark(_text.Length, 1);
        }

        _text.Append(character);
        return this;
    }

    public TextBuilder Append(string text, bool fromCaller)
    {
        if (fromCaller)
        {
            Mark(_text.Length, text.Length);
        }

        return Append(text);
    }

    public TextBuilder Append(TextValue text) => Append(text, 0, text.Text.Length);

    /// <summary>Appends a part; start and length are UTF-16 units.</summary>
    public TextBuilder Append(TextValue text, int start, int length)
    {
        Grow(length);
        var at = _text.Length;
        foreach (var mark in text.Marks)
        {
            var (from, to) = (Math.Max(mark.Start, start), Math.Min(mark.End, start + length));
            if (from < to)
            {
                Mark(at + from - start, to - from);
            }
        }

        _text.Append(text.Text, start, length);
        return this;
    }

    public TextValue ToText() => new(_text.ToString(), _marks is null ? [] : [.. _marks]);

    private void Mark(int start, int length)
    {
        if (length == 0)
        {
            return;
        }

        _marks ??= [];
        if (_marks.Count > 0 && _marks[^1].End == start)
        {
            _marks[^1] = _marks[^1] with { Length = _marks[^1].Length + length };
        }
        else
        {
            _marks.Add(new(start, length));
        }
    }

    private void Grow(int length)
    {
        Run.CheckLength((long)_text.Length + length);
        Run.StepText(length);
    }
}
