using System.Text;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Templates.Values;

/// <summary>A text that knows which of its characters came from the caller.</summary>
/// <param name="text">The characters.</param>
/// <param name="marks">The caller's: ascending, apart from each other, in UTF-16 units.</param>
internal sealed class TextValue(string text, CallerSpan[] marks) : Value
{
    public static readonly TextValue Empty = new("", []);

    private int _length = -1;

    public string Text => text;

    public CallerSpan[] Marks => marks;

    /// <summary>Count of code points, which is what Python counts.</summary>
    public int Length => _length >= 0 ? _length : _length = CountPoints(text);

    public override string TypeName => "str";

    public override bool IsTrue => text.Length > 0;

    public static TextValue FromTemplate(string text) => text.Length == 0 ? Empty : new(text, []);

    public static TextValue FromCaller(string text) => text.Length == 0 ? Empty : new(text, [new(0, text.Length)]);

    /// <summary>A part; start and length are UTF-16 units.</summary>
    public TextValue Slice(int start, int length)
    {
        if (length <= 0)
        {
            return Empty;
        }

        if (start == 0 && length == text.Length)
        {
            return this;
        }

        var part = text.Substring(start, length);
        if (marks.Length == 0)
        {
            return new(part, []);
        }

        var kept = new List<CallerSpan>(marks.Length);
        foreach (var mark in marks)
        {
            var (from, to) = (Math.Max(mark.Start, start), Math.Min(mark.End, start + length));
            if (from < to)
            {
                kept.Add(new(from - start, to - from));
            }
        }

        return new(part, [.. kept]);
    }

    public TextValue Slice(int start) => Slice(start, text.Length - start);

    /// <summary>The same characters one by one in another form, such as upper case.</summary>
    public TextValue Respell(string sameLength) => new(sameLength, marks);

    public bool IsFromCaller(int unit)
    {
        foreach (var mark in marks)
        {
            if (unit < mark.End)
            {
                return unit >= mark.Start;
            }
        }

        return false;
    }

    /// <summary>The UTF-16 position of a code point.</summary>
    public int UnitOf(int point)
    {
        if (Length == text.Length)
        {
            return point;
        }

        var unit = 0;
        for (; point > 0 && unit < text.Length; point--)
        {
            unit += IsPair(unit) ? 2 : 1;
        }

        return unit;
    }

    /// <summary>The code point that starts at a UTF-16 position.</summary>
    public int PointOf(int unit) => Length == text.Length ? unit : CountPoints(text.AsSpan(0, unit));

    /// <summary>The code points as texts of their own.</summary>
    public IEnumerable<TextValue> Points()
    {
        for (var unit = 0; unit < text.Length;)
        {
            var size = IsPair(unit) ? 2 : 1;
            yield return Slice(unit, size);
            unit += size;
        }
    }

    public override void Print(TextBuilder builder) => builder.Append(this);

    public override void Represent(TextBuilder builder)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        builder.Append(quote);
        for (var at = 0; at < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var size);
            var escaped = rune.Value switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                var c when c == quote => "\\" + quote,
                _ when PythonCharacters.IsPrintable(rune) => null,
                < 0x100 => $"\\x{rune.Value:x2}",
                < 0x10000 => $"\\u{rune.Value:x4}",
                _ => $"\\U{rune.Value:x8}",
            };
            if (escaped is null)
            {
                builder.Append(this, at, size);
            }
            else
            {
                builder.Append(escaped, IsFromCaller(at));
            }

            at += size;
        }

        builder.Append(quote);
    }

    private bool IsPair(int unit) => unit + 1 < text.Length && char.IsSurrogatePair(text, unit);

    private static int CountPoints(ReadOnlySpan<char> units)
    {
        if (!units.ContainsAnyInRange('\ud800', '\udfff'))
        {
            return units.Length;
        }

        var count = 0;
        for (var at = 0; at < units.Length; count++)
        {
            at += at + 1 < units.Length && char.IsSurrogatePair(units[at], units[at + 1]) ? 2 : 1;
        }

        return count;
    }
}
