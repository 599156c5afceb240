using System.Globalization;
using System.Text;

namespace Serverless.Inference.Templates.Lexing;

/// <summary>Python's escapes in a string; an unknown one stays as it is written.</summary>
internal static class StringEscapes
{
    public static string Decode(Source source, string text, int place)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var decoded = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                decoded.Append(text[at]);
                continue;
            }

            var code = text[++at];
            switch (code)
            {
                case '\n':
                    break;
                case 'x' or 'u' or 'U':
                    decoded.Append(Character(source, text, ref at, code switch { 'x' => 2, 'u' => 4, _ => 8 }, place));
                    break;
                case >= '0' and <= '7':
                    decoded.Append(Octal(text, ref at));
                    break;
                default:
                    decoded.Append(Simple(code) ?? "\\" + code);
                    break;
            }
        }

        return decoded.ToString();
    }

    private static string? Simple(char code) => code switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        '\\' or '\'' or '"' => code.ToString(),
        _ => null,
    };

    private static string Character(Source source, string text, ref int at, int digits, int place)
    {
        var start = at + 1;
        at += digits;
        if (start + digits <= text.Length
            && int.TryParse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            && (code is >= 0 and < 0x10000 || Rune.IsValid(code)))
        {
            return code < 0x10000 ? ((char)code).ToString() : char.ConvertFromUtf32(code);
        }

        throw source.SyntaxError($"an escape in a string wants {digits} hexadecimal digits of a character", place + start);
    }

    private static char Octal(string text, ref int at)
    {
        var (code, count) = (0, 0);
        for (; count < 3 && at + count < text.Length && text[at + count] is >= '0' and <= '7'; count++)
        {
            code = code * 8 + (text[at + count] - '0');
        }

        at += count - 1;
        return (char)code;
    }
}
