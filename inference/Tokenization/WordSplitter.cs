using System.Globalization;
using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>Cuts text into the words that byte-level BPE merges within.</summary>
internal delegate void WordSplitter(ReadOnlySpan<char> text, WordSink sink);

/// <summary>Takes one word.</summary>
internal delegate void WordSink(ReadOnlySpan<char> word);

/// <summary>The word splitters by their GGUF name. Each is written out by hand: exact, linear, and nothing to backtrack into.</summary>
internal static class WordSplitters
{
    private static readonly Dictionary<string, WordSplitter> ByName = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = SplitGpt2,
        ["smollm"] = SplitSmolLm,
    };

    /// <exception cref="TokenizerException">There is no splitter of that name.</exception>
    public static WordSplitter Find(string name) => ByName.GetValueOrDefault(name)
        ?? throw new TokenizerException($"The pre-tokenizer '{name}' is not supported; supported are {string.Join(", ", ByName.Keys)}.");

    /// <summary>Each numeric character is a word of its own; what lies between is cut as by GPT-2.</summary>
    private static void SplitSmolLm(ReadOnlySpan<char> text, WordSink sink)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var kind = KindAt(text, i, out var width);
            if (kind == Kind.Number)
            {
                SplitGpt2(text[start..i], sink);
                sink(text.Slice(i, width));
                start = i + width;
            }

            i += width;
        }

        SplitGpt2(text[start..], sink);
    }

    /// <summary>The pattern <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.</summary>
    private static void SplitGpt2(ReadOnlySpan<char> text, WordSink sink)
    {
        while (text.Length > 0)
        {
            var length = Gpt2WordLength(text);
            sink(text[..length]);
            text = text[length..];
        }
    }

    private static int Gpt2WordLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && ContractionLength(text) is var contraction and > 0)
        {
            return contraction;
        }

        // One space belongs to the word after it.
        var begin = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        var kind = KindAt(text, begin, out _);
        if (kind == Kind.Space)
        {
            // Of a run of spaces that a word follows, the last is left to that word.
            var run = RunLength(text, 0, Kind.Space);
            return run == text.Length || run == 1 ? run : run - 1;
        }

        return begin + RunLength(text, begin, kind);
    }

    private static int ContractionLength(ReadOnlySpan<char> text) =>
        text.StartsWith("'s") || text.StartsWith("'t") || text.StartsWith("'m") || text.StartsWith("'d") ? 2
        : text.StartsWith("'re") || text.StartsWith("'ve") || text.StartsWith("'ll") ? 3
        : 0;

    private static int RunLength(ReadOnlySpan<char> text, int start, Kind kind)
    {
        var end = start;
        while (end < text.Length && KindAt(text, end, out var width) == kind)
        {
            end += width;
        }

        return end - start;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int index, out int width)
    {
        var character = text[index];
        if (char.IsAscii(character))
        {
            width = 1;
            return char.IsAsciiLetter(character) ? Kind.Letter
                : char.IsAsciiDigit(character) ? Kind.Number
                : char.IsWhiteSpace(character) ? Kind.Space
                : Kind.Other;
        }

        // Half a surrogate pair decodes to U+FFFD, which is what it will be encoded as.
        Rune.DecodeFromUtf16(text[index..], out var rune, out width);
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Rune.IsWhiteSpace(rune) ? Kind.Space : Kind.Other,
        };
    }

    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }
}
