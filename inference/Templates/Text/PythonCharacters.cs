using System.Globalization;
using System.Text;

namespace Serverless.Inference.Templates.Text;

/// <summary>Python's notions of a character where they differ from .NET's.</summary>
internal static class PythonCharacters
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static bool IsLineBreak(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    public static bool IsCased(Rune rune) => Rune.IsUpper(rune) || Rune.IsLower(rune)
        || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    public static bool IsAlphabetic(Rune rune) => Rune.IsLetter(rune);

    public static bool IsDecimal(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber;

    public static bool IsNumeric(Rune rune) => Rune.IsNumber(rune);

    /// <summary>Orders by code point, where UTF-16 order differs from it for surrogates only.</summary>
    public static int Compare(string left, string right)
    {
        var shared = left.AsSpan().CommonPrefixLength(right);
        if (shared == left.Length || shared == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[shared], right[shared]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }
}
