using System.Text;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Methods;

/// <summary>Methods that change the case of a text.</summary>
internal static class TextForms
{
    public static readonly Builtin[] All =
    [
        new("upper", 0, (run, self, _) => Upper(run, (TextValue)self), []),
        new("lower", 0, (run, self, _) => Lower(run, (TextValue)self), []),
        new("casefold", 0, (run, self, _) => Map(run, (TextValue)self, (rune, _) => Special(rune) is { } upper
            ? upper.ToLowerInvariant() : Rune.ToLowerInvariant(rune).ToString()), []),
        new("capitalize", 0, (run, self, _) => Capitalize(run, (TextValue)self), []),
        new("swapcase", 0, (run, self, _) => Map(run, (TextValue)self, (rune, _) =>
            Rune.IsUpper(rune) ? LowerOf(rune) : UpperOf(rune)), []),
        new("title", 0, (run, self, _) => Title(run, (TextValue)self), []),
    ];

    public static TextValue Upper(Run run, TextValue text) => Ascii.IsValid(text.Text)
        ? text.Respell(text.Text.ToUpperInvariant())
        : Map(run, text, static (rune, _) => UpperOf(rune));

    public static TextValue Lower(Run run, TextValue text) => Ascii.IsValid(text.Text)
        ? text.Respell(text.Text.ToLowerInvariant())
        : Map(run, text, (rune, at) => rune.Value == 'Σ' && EndsWord(text.Text, at) ? "ς" : LowerOf(rune));

    public static TextValue Capitalize(Run run, TextValue text)
    {
        var lower = Lower(run, text);
        return Map(run, text, (rune, at) => at == 0 ? TitleOf(rune) : LowerAt(lower, text, rune, at));
    }

    private static TextValue Title(Run run, TextValue text)
    {
        var isInWord = false;
        return Map(run, text, (rune, at) =>
        {
            var form = !isInWord ? TitleOf(rune) : rune.Value == 'Σ' && EndsWord(text.Text, at) ? "ς" : LowerOf(rune);
            isInWord = PythonCharacters.IsCased(rune);
            return form;
        });
    }

    private static string LowerAt(TextValue lower, TextValue text, Rune rune, int at) =>
        lower.Text.Length == text.Text.Length ? lower.Text.Substring(at, rune.Utf16SequenceLength) : LowerOf(rune);

    private static TextValue Map(Run run, TextValue text, Func<Rune, int, string> form)
    {
        var mapped = run.NewText();
        for (var at = 0; at < text.Text.Length;)
        {
            Rune.DecodeFromUtf16(text.Text.AsSpan(at), out var rune, out var size);
            mapped.Append(form(rune, at), text.IsFromCaller(at));
            at += size;
        }

        return mapped.ToText();
    }

    private static string UpperOf(Rune rune) => Special(rune) ?? Rune.ToUpperInvariant(rune).ToString();

    private static string LowerOf(Rune rune) => rune.Value == 'İ' ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString();

    private static string TitleOf(Rune rune) => rune.Value switch
    {
        'ǆ' or 'Ǆ' or 'ǅ' => "ǅ",
        'ǉ' or 'Ǉ' or 'ǈ' => "ǈ",
        'ǌ' or 'Ǌ' or 'ǋ' => "ǋ",
        'ǳ' or 'Ǳ' or 'ǲ' => "ǲ",
        _ when Special(rune) is { } upper => upper[..1] + upper[1..].ToLowerInvariant(),
        _ => Rune.ToUpperInvariant(rune).ToString(),
    };

    // Letters whose capital is more than one letter: the common ones of Unicode's SpecialCasing.
    private static string? Special(Rune rune) => rune.Value switch
    {
        'ß' => "SS",
        'ŉ' => "ʼN",
        'ǰ' => "J\u030c",
        'ﬀ' => "FF",
        'ﬁ' => "FI",
        'ﬂ' => "FL",
        'ﬃ' => "FFI",
        'ﬄ' => "FFL",
        'ﬅ' or 'ﬆ' => "ST",
        'և' => "ԵՒ",
        _ => null,
    };

    // A capital sigma becomes the final form after a letter and before none.
    private static bool EndsWord(string text, int at) =>
        at > 0 && char.IsLetter(text[at - 1]) && (at + 1 == text.Length || !char.IsLetter(text[at + 1]));
}
