using System.Text;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>Methods that ask what a text is made of.</summary>
internal static class TextKinds
{
    public static readonly Builtin[] All =
    [
        Every("isalnum", rune => PythonCharacters.IsAlphabetic(rune) || PythonCharacters.IsNumeric(rune)),
        Every("isalpha", PythonCharacters.IsAlphabetic),
        Every("isdecimal", PythonCharacters.IsDecimal),
        Every("isdigit", rune => PythonCharacters.IsDecimal(rune) || rune.Value is '²' or '³' or '¹' or (>= 0x2070 and <= 0x2089)),
        Every("isnumeric", PythonCharacters.IsNumeric),
        Every("isspace", rune => rune.IsBmp && PythonCharacters.IsSpace((char)rune.Value)),
        new("isascii", 0, (_, self, _) => BooleanValue.Of(Ascii.IsValid(((TextValue)self).Text)), []),
        new("isprintable", 0, (_, self, _) => BooleanValue.Of(Runes(self).All(PythonCharacters.IsPrintable)), []),
        new("islower", 0, (_, self, _) => BooleanValue.Of(IsLower(((TextValue)self).Text)), []),
        new("isupper", 0, (_, self, _) => BooleanValue.Of(IsUpper(((TextValue)self).Text)), []),
        new("istitle", 0, (_, self, _) => BooleanValue.Of(IsTitle(((TextValue)self).Text)), []),
        new("isidentifier", 0, (_, self, _) => BooleanValue.Of(IsIdentifier(((TextValue)self).Text)), []),
    ];

    public static bool IsLower(string text) =>
        text.EnumerateRunes().Any(Rune.IsLower) && text.EnumerateRunes().All(rune => !PythonCharacters.IsCased(rune) || Rune.IsLower(rune));

    public static bool IsUpper(string text) =>
        text.EnumerateRunes().Any(Rune.IsUpper) && text.EnumerateRunes().All(rune => !PythonCharacters.IsCased(rune) || Rune.IsUpper(rune));

    private static Builtin Every(string name, Func<Rune, bool> isKind) =>
        new(name, 0, (_, self, _) => BooleanValue.Of(self.IsTrue && Runes(self).All(isKind)), []);

    private static IEnumerable<Rune> Runes(Value text) => [.. ((TextValue)text).Text.EnumerateRunes()];

    private static bool IsTitle(string text)
    {
        var (isInWord, hasWord) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (PythonCharacters.IsCased(rune) && Rune.IsLower(rune) != isInWord)
            {
                return false;
            }

            isInWord = PythonCharacters.IsCased(rune);
            hasWord |= isInWord;
        }

        return hasWord;
    }

    private static bool IsIdentifier(string text) =>
        text.Length > 0 && (char.IsLetter(text[0]) || text[0] == '_') && text.All(c => char.IsLetterOrDigit(c) || c == '_');
}
