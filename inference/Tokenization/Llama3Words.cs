using static Serverless.Inference.Tokenization.CharacterKinds;

namespace Serverless.Inference.Tokenization;

/// <summary>The words of Llama 3, with up to three digits in one, and of Qwen 2, with one.</summary>
internal static class Llama3Words
{
    public static WordSplitter WithDigits(int digits) => (text, sink) => Split(text, sink, digits);

    /// <summary>
    /// The pattern <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>,
    /// which matches every text from end to end.
    /// </summary>
    private static void Split(ReadOnlySpan<char> text, WordSink sink, int digits)
    {
        while (text.Length > 0)
        {
            var length = Length(text, digits);
            sink(text[..length]);
            text = text[length..];
        }
    }

    private static int Length(ReadOnlySpan<char> text, int digits)
    {
        if (text[0] == '\'' && Contraction(text[1..]) is var contraction and > 0)
        {
            return 1 + contraction;
        }

        var first = At(text, 0, out var width);
        if (first == CharacterKind.Letter)
        {
            return Letters(text, 0);
        }

        if (first == CharacterKind.Number)
        {
            return Run(text, 0, kind => kind == CharacterKind.Number, digits);
        }

        // Any one character but a line's end belongs to the letters after it.
        if (text[0] is not ('\r' or '\n') && Letters(text, width) is var letters and > 0)
        {
            return width + letters;
        }

        var begin = text[0] == ' ' ? 1 : 0;
        var signs = Run(text, begin, kind => kind is not (CharacterKind.Letter or CharacterKind.Number or CharacterKind.Space));
        return signs > 0 ? begin + signs + Lines(text[(begin + signs)..]) : WhiteSpace(text);
    }

    private static int Letters(ReadOnlySpan<char> text, int start) => Run(text, start, kind => kind == CharacterKind.Letter);

    private static int Lines(ReadOnlySpan<char> text) => text.IndexOfAnyExcept('\r', '\n') is var end and >= 0 ? end : text.Length;

    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        // The long s is a lower-case s to a pattern that ignores case.
        if (text[0] is 's' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D')
        {
            return 1;
        }

        return text.StartsWith("re", StringComparison.OrdinalIgnoreCase) || text.StartsWith("ve", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("ll", StringComparison.OrdinalIgnoreCase) ? 2 : 0;
    }
}
