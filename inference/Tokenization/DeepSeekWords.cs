using static Serverless.Inference.Tokenization.CharacterKinds;

namespace Serverless.Inference.Tokenization;

/// <summary>The words of DeepSeek V3: three patterns, each of which cuts the pieces of the one before.</summary>
internal static class DeepSeekWords
{
    /// <summary>First <c>\p{N}{1,3}</c>; the last pattern leaves such a piece whole.</summary>
    public static void Split(ReadOnlySpan<char> text, WordSink sink)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            if (At(text, i, out var width) != CharacterKind.Number)
            {
                i += width;
                continue;
            }

            SplitIdeographs(text[start..i], sink);
            var digits = Run(text, i, kind => kind == CharacterKind.Number, most: 3);
            sink(text.Slice(i, digits));
            start = i += digits;
        }

        SplitIdeographs(text[start..], sink);
    }

    /// <summary>Then <c>[一-龥぀-ゟ゠-ヿ]+</c>.</summary>
    private static void SplitIdeographs(ReadOnlySpan<char> text, WordSink sink)
    {
        while (text.Length > 0)
        {
            var ideographs = IsIdeograph(text[0]);
            var length = 1;
            while (length < text.Length && IsIdeograph(text[length]) == ideographs)
            {
                length++;
            }

            SplitWords(text[..length], sink);
            text = text[length..];
        }
    }

    private static bool IsIdeograph(char character) => character is (>= '\u4E00' and <= '\u9FA5') or (>= '\u3040' and <= '\u30FF');

    /// <summary>
    /// At last <c>[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>;
    /// what none of these matches stays together up to the next match.
    /// </summary>
    private static void SplitWords(ReadOnlySpan<char> text, WordSink sink)
    {
        var unmatched = 0;
        while (unmatched < text.Length)
        {
            var length = Length(text[unmatched..]);
            if (length == 0)
            {
                At(text, unmatched, out var width);
                unmatched += width;
                continue;
            }

            if (unmatched > 0)
            {
                sink(text[..unmatched]);
            }

            sink(text.Slice(unmatched, length));
            text = text[(unmatched + length)..];
            unmatched = 0;
        }

        if (text.Length > 0)
        {
            sink(text);
        }
    }

    private static int Length(ReadOnlySpan<char> text)
    {
        if (IsAsciiSign(text[0]) && AsciiLetters(text[1..]) is var letters and > 0)
        {
            return 1 + letters;
        }

        var first = At(text, 0, out var width);
        if (first == CharacterKind.Letter)
        {
            return Letters(text, 0);
        }

        if (text[0] is not ('\r' or '\n') && first is not (CharacterKind.Punctuation or CharacterKind.Symbol))
        {
            var after = Letters(text, width);
            if (after > 0 || first == CharacterKind.Mark)
            {
                return width + after;
            }
        }

        var begin = text[0] == ' ' ? 1 : 0;
        var signs = Run(text, begin, kind => kind is CharacterKind.Punctuation or CharacterKind.Symbol);
        return signs > 0 ? begin + signs + Lines(text[(begin + signs)..])
            : first == CharacterKind.Space ? WhiteSpace(text)
            : 0;
    }

    private static bool IsAsciiSign(char character) => char.IsBetween(character, '!', '~') && !char.IsAsciiLetterOrDigit(character);

    private static int AsciiLetters(ReadOnlySpan<char> text)
    {
        var count = 0;
        while (count < text.Length && char.IsAsciiLetter(text[count]))
        {
            count++;
        }

        return count;
    }

    private static int Letters(ReadOnlySpan<char> text, int start) => Run(text, start, kind => kind is CharacterKind.Letter or CharacterKind.Mark);

    private static int Lines(ReadOnlySpan<char> text) => text.IndexOfAnyExcept('\r', '\n') is var end and >= 0 ? end : text.Length;
}
