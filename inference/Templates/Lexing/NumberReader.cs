namespace Serverless.Inference.Templates.Lexing;

/// <summary>Reads a number of a template: <c>12</c>, <c>1_000</c>, <c>0xff</c>, <c>1.5</c>, <c>2e3</c>. A point must have digits after it.</summary>
internal static class NumberReader
{
    public static Token Read(string text, ref int at)
    {
        var start = at;
        if (text[at] == '0' && at + 2 < text.Length && "xXoObB".Contains(text[at + 1], StringComparison.Ordinal)
            && IsDigit(text[at + 2], text[at + 1]))
        {
            var kind = text[at + 1];
            for (at += 2; at < text.Length && (IsDigit(text[at], kind) || text[at] == '_'); at++)
            {
            }

            return new(TokenKind.Integer, text[start..at], start);
        }

        SkipDigits(text, ref at);
        var isFloat = false;

        // After a point the digits are a place: in items.0.1 there is no float.
        if (start == 0 || text[start - 1] != '.')
        {
            isFloat = TrySkip(text, ref at, ".");
            isFloat |= TrySkip(text, ref at, "eE");
        }

        return new(isFloat ? TokenKind.Float : TokenKind.Integer, text[start..at].Replace("_", "", StringComparison.Ordinal), start);
    }

    private static bool TrySkip(string text, ref int at, string marks)
    {
        if (at >= text.Length || !marks.Contains(text[at], StringComparison.Ordinal))
        {
            return false;
        }

        var digits = at + 1;
        if (marks != "." && digits < text.Length && text[digits] is '+' or '-')
        {
            digits++;
        }

        if (digits >= text.Length || !char.IsAsciiDigit(text[digits]))
        {
            return false;
        }

        at = digits;
        SkipDigits(text, ref at);
        return true;
    }

    private static void SkipDigits(string text, ref int at)
    {
        while (at < text.Length && (char.IsAsciiDigit(text[at])
            || (text[at] == '_' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))))
        {
            at++;
        }
    }

    private static bool IsDigit(char digit, char kind) => kind switch
    {
        'x' or 'X' => char.IsAsciiHexDigit(digit),
        'o' or 'O' => digit is >= '0' and <= '7',
        _ => digit is '0' or '1',
    };
}
