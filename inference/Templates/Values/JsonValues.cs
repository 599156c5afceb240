using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Serverless.Inference.Templates.Evaluation;

namespace Serverless.Inference.Templates.Values;

/// <summary>Makes template values of the caller's JSON, as Python's <c>json.loads</c> reads it, every string marked as the caller's.</summary>
internal static class JsonValues
{
    private const int MaxDepth = 256;
    private const int MaxDigits = 1200;

    /// <summary>Reads messages: a role that every chat has is the template's word, not the caller's.</summary>
    public static Value ReadMessages(Run run, JsonElement messages) => Guard(() => ReadConversation(run, messages));

    public static Value Read(Run run, JsonElement json) => Guard(() => Read(run, json, 0));

    private static Value ReadConversation(Run run, JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            return Read(run, messages, 0);
        }

        var items = new List<Value>(messages.GetArrayLength());
        foreach (var message in messages.EnumerateArray())
        {
            items.Add(message.ValueKind == JsonValueKind.Object ? ReadObject(run, message, 1, isMessage: true) : Read(run, message, 1));
        }

        return new SequenceValue(items);
    }

    private static Value Read(Run run, JsonElement json, int depth)
    {
        run.Step();
        if (depth > MaxDepth)
        {
            throw TemplateException.Limit($"the messages or tools are nested more than {MaxDepth} deep");
        }

        return json.ValueKind switch
        {
            JsonValueKind.Object => ReadObject(run, json, depth, isMessage: false),
            JsonValueKind.Array => ReadArray(run, json, depth),
            JsonValueKind.String => ReadText(run, json),
            JsonValueKind.Number => ReadNumber(json.GetRawText()),
            JsonValueKind.True => BooleanValue.True,
            JsonValueKind.False => BooleanValue.False,
            _ => NoneValue.None,
        };
    }

    private static DictionaryValue ReadObject(Run run, JsonElement json, int depth, bool isMessage)
    {
        var dictionary = new DictionaryValue(json.GetPropertyCount());
        foreach (var property in json.EnumerateObject())
        {
            var value = isMessage && property.Name == "role" && WellKnownRole(property.Value) is { } role
                ? role
                : Read(run, property.Value, depth + 1);
            dictionary.Set(TextValue.FromCaller(property.Name), value);
        }

        return dictionary;
    }

    private static SequenceValue ReadArray(Run run, JsonElement json, int depth)
    {
        var items = new List<Value>(json.GetArrayLength());
        foreach (var item in json.EnumerateArray())
        {
            items.Add(Read(run, item, depth + 1));
        }

        return new(items);
    }

    private static TextValue? WellKnownRole(JsonElement role) =>
        role.ValueKind == JsonValueKind.String && (role.ValueEquals("system") || role.ValueEquals("user")
            || role.ValueEquals("assistant") || role.ValueEquals("tool") || role.ValueEquals("developer"))
            ? TextValue.FromTemplate(role.GetString()!)
            : null;

    private static TextValue ReadText(Run run, JsonElement json)
    {
        var text = json.GetString()!;
        run.CheckLength(text.Length);
        run.StepText(text.Length);
        return TextValue.FromCaller(text);
    }

    // JSON may spell half of a surrogate pair, which no .NET string is made of.
    private static Value Guard(Func<Value> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException error)
        {
            throw TemplateException.Evaluation($"the messages, tools or variables hold a text that is not valid: {error.Message}");
        }
    }

    private static Value ReadNumber(string digits)
    {
        if (digits.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            return new FloatValue(double.Parse(digits, CultureInfo.InvariantCulture));
        }

        return digits.Length <= MaxDigits
            ? IntegerValue.Of(BigInteger.Parse(digits, CultureInfo.InvariantCulture))
            : throw TemplateException.Limit($"a number in the messages or tools has more than {MaxDigits} digits");
    }
}
