using System.Globalization;
using Serverless.Inference.Templates.Evaluation;
using Serverless.Inference.Templates.Text;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>Python's <c>json.dumps</c>; the caller's characters stay the caller's, escaped or not.</summary>
/// <param name="AsciiOnly">Whether characters beyond ASCII are escaped.</param>
/// <param name="Indent">What each level is indented by; null writes all on one line.</param>
/// <param name="ItemSeparator">Between items.</param>
/// <param name="KeySeparator">Between a key and its value.</param>
/// <param name="SortsKeys">Whether keys are written in order.</param>
internal sealed record JsonFormat(bool AsciiOnly, string? Indent, string ItemSeparator, string KeySeparator, bool SortsKeys)
{
    public void Write(TextBuilder json, Value value, int level = 0)
    {
        StackGuard.Check();
        switch (value)
        {
            case TextValue text:
                WriteText(json, text);
                break;
            case SequenceValue { IsView: false, Kind: not SequenceKind.Range } sequence:
                WriteAll(json, "[]", level, sequence.Items, item => Write(json, item, level + 1));
                break;
            case DictionaryValue dictionary:
                WriteAll(json, "{}", level, Entries(json, dictionary), entry =>
                {
                    WriteText(json, entry.Key);
                    json.Append(KeySeparator);
                    Write(json, entry.Value, level + 1);
                });
                break;
            default:
                json.Append(Constant(value) ?? throw TemplateException.Evaluation(
                    $"Object of type {value.TypeName} is not JSON serializable"));
                break;
        }
    }

    private static string? Constant(Value value) => value switch
    {
        NoneValue => "null",
        BooleanValue => value.IsTrue ? "true" : "false",
        IntegerValue whole => whole.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue { Number: double.NaN } => "NaN",
        FloatValue { Number: var number } when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        FloatValue { Number: var number } => FloatFormat.Represent(number),
        _ => null,
    };

    private void WriteAll<T>(TextBuilder json, string brackets, int level, IReadOnlyList<T> items, Action<T> write)
    {
        json.Append(brackets[0]);
        for (var i = 0; i < items.Count; i++)
        {
            json.Append(i == 0 ? "" : ItemSeparator);
            NewLine(json, level + 1);
            write(items[i]);
        }

        if (items.Count > 0)
        {
            NewLine(json, level);
        }

        json.Append(brackets[1]);
    }

    private IReadOnlyList<(TextValue Key, Value Value)> Entries(TextBuilder json, DictionaryValue dictionary)
    {
        IReadOnlyList<Value> keys = [.. dictionary.Entries.Select(entry => entry.Key)];
        keys = SortsKeys ? Ordering.Sort(json.Run, keys, keys, descending: false) : keys;
        return [.. keys.Select(key => (KeyText(key), dictionary.Find(key)!))];
    }

    private static TextValue KeyText(Value key) => key as TextValue ?? TextValue.FromTemplate(Constant(key)
        ?? throw TemplateException.Evaluation($"keys must be str, int, float, bool or None, not {key.TypeName}"));

    private void NewLine(TextBuilder json, int level)
    {
        if (Indent is null)
        {
            return;
        }

        json.Append('\n');
        for (var i = 0; i < level; i++)
        {
            json.Append(Indent);
        }
    }

    private void WriteText(TextBuilder json, TextValue text)
    {
        json.Append('"');
        var start = 0;
        for (var at = 0; at < text.Text.Length; at++)
        {
            if (Escape(text.Text[at]) is not { } escaped)
            {
                continue;
            }

            json.Append(text, start, at - start).Append(escaped, text.IsFromCaller(at));
            start = at + 1;
        }

        json.Append(text, start, text.Text.Length - start).Append('"');
    }

    private string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => $"\\u{(int)character:x4}",
        > '~' when AsciiOnly => $"\\u{(int)character:x4}",
        _ => null,
    };
}
