using static Serverless.Inference.Tokenization.CharacterKinds;

namespace Serverless.Inference.Tokenization;

/// <summary>The words of GPT-2 and of SmolLM.</summary>
internal static class Gpt2Words
{
    /// <summary>The pattern <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.</summary>
    public static void Split(ReadOnlySpan<char> text, WordSink sink)
    {
        while (text.Length > 0)
        {
            var length = Length(text);
            sink(text[..length]);
            text = text[length..];
        }
    }

    /// <summary>Each numeric character is a word of its own; what lies between is cut as by GPT-2.</summary>
    public static void SplitDigits(ReadOnlySpan<char> text, WordSink sink)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var kind = At(text, i, out var width);
            if (kind == CharacterKind.Number)
            {
                Split(text[start..i], sink);
                sink(text.Slice(i, width));
                start = i + width;
            }

            i += width;
        }

        Split(text[start..], sink);
    }

    private static int Length(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && Contraction(text) is var contraction and > 0)
        {
            return contraction;
        }

        // One space belongs to the word after it.
        var begin = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        return At(text, begin, out _) switch
        {
            CharacterKind.Space => BeforeAWord(text, Run(text, 0, kind => kind == CharacterKind.Space)),
            CharacterKind.Letter => begin + Run(text, begin, kind => kind == CharacterKind.Letter),
            CharacterKind.Number => begin + Run(text, begin, kind => kind == CharacterKind.Number),
            _ => begin + Run(text, begin, kind => kind is not (CharacterKind.Letter or CharacterKind.Number or CharacterKind.Space)),
        };
    }

    private static int Contraction(ReadOnlySpan<char> text) =>
        text.StartsWith("'s") || text.StartsWith("'t") || text.StartsWith("'m") || text.StartsWith("'d") ? 2
        : text.StartsWith("'re") || text.StartsWith("'ve") || text.StartsWith("'ll") ? 3
        : 0;
}
