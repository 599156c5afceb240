using System.Globalization;
using System.Text;

namespace Serverless.Inference.Tokenization;

/// <summary>The Unicode categories that pre-tokenizers tell apart, white space taken before all others.</summary>
internal enum CharacterKind
{
    Letter,
    Mark,
    Number,
    Punctuation,
    Symbol,
    Space,
    Other,
}

/// <summary>Reads text one character at a time.</summary>
internal static class CharacterKinds
{
    /// <summary>The kind of the character at an index, and how many UTF-16 units it takes.</summary>
    public static CharacterKind At(ReadOnlySpan<char> text, int index, out int width)
    {
        var character = text[index];
        if (char.IsAscii(character))
        {
            width = 1;
            return char.IsAsciiLetter(character) ? CharacterKind.Letter
                : char.IsAsciiDigit(character) ? CharacterKind.Number
                : char.IsWhiteSpace(character) ? CharacterKind.Space
                : Of(char.GetUnicodeCategory(character));
        }

        // Half a surrogate pair decodes to U+FFFD, which is what it will be encoded as.
        Rune.DecodeFromUtf16(text[index..], out var rune, out width);
        return Rune.IsWhiteSpace(rune) ? CharacterKind.Space : Of(Rune.GetUnicodeCategory(rune));
    }

    /// <summary>The length of the run from an index on whose characters are of the kinds that are asked for, and at most so many.</summary>
    public static int Run(ReadOnlySpan<char> text, int start, Func<CharacterKind, bool> wanted, int most = int.MaxValue)
    {
        var end = start;
        while (end < text.Length && most-- > 0 && wanted(At(text, end, out var width)))
        {
            end += width;
        }

        return end - start;
    }

    /// <summary>The pattern <c>\s*[\r\n]+|\s+(?!\S)|\s+</c> on text that starts with white space.</summary>
    public static int WhiteSpace(ReadOnlySpan<char> text)
    {
        var run = Run(text, 0, kind => kind == CharacterKind.Space);
        var lines = text[..run].LastIndexOfAny('\r', '\n') + 1;
        return lines > 0 ? lines : BeforeAWord(text, run);
    }

    /// <summary>Of a run of spaces that a word follows, the last is left to that word.</summary>
    public static int BeforeAWord(ReadOnlySpan<char> text, int run) => run == text.Length || run == 1 ? run : run - 1;

    private static CharacterKind Of(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterKind.Letter,
        <= UnicodeCategory.EnclosingMark => CharacterKind.Mark,
        <= UnicodeCategory.OtherNumber => CharacterKind.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => CharacterKind.Punctuation,
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => CharacterKind.Symbol,
        _ => CharacterKind.Other,
    };
}
