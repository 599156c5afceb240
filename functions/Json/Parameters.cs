using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Json;

/// <summary>Reads the parameters of a request by name; a wrong type or range is refused with the parameter's name.</summary>
/// <remarks>JSON <c>null</c> counts as absent, as with OpenAI. <see cref="Unread"/> names what nobody asked for.</remarks>
internal sealed class Parameters
{
    private readonly Dictionary<string, JsonElement> _values;
    private readonly HashSet<string> _read = [];
    private readonly string _prefix;

    /// <param name="body">The object.</param>
    /// <param name="prefix">What stands before the names in errors, such as <c>stream_options.</c>; nothing by default.</param>
    public Parameters(JsonElement body, string prefix = "")
    {
        _values = body.EnumerateObject().ToDictionary(property => property.Name, property => property.Value);
        _prefix = prefix;
    }

    /// <summary>The names that were asked for, whether they were sent or not.</summary>
    public IEnumerable<string> Asked => _read;

    /// <summary>The parameters that were sent but mean nothing here.</summary>
    public IEnumerable<string> Unread => _values.Keys.Where(name => !_read.Contains(name));

    public JsonElement? Find(string name)
    {
        _read.Add(name);
        return _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public JsonElement? Find(Parameter parameter) => Find(parameter.Name);

    public string? Text(TextParameter parameter)
    {
        if (Text(parameter.Name) is not { } text)
        {
            return null;
        }

        var name = _prefix + parameter.Name;
        return parameter.Values.Count > 0 && !parameter.Values.Contains(text) ? throw ApiException.Invalid($"Invalid value for '{name}': expected one of {string.Join(", ", parameter.Values)}, but got '{Shorten(text)}'.", name, "invalid_value")
            : text.Length > parameter.MaxLength ? throw ApiException.Invalid($"'{name}' takes at most {parameter.MaxLength} characters.", name, "invalid_value")
            // The whole text: a dollar sign alone would let a line break follow.
            : parameter.Pattern is { } pattern && Regex.Match(text, pattern).Length != text.Length ? throw ApiException.Invalid($"Invalid value for '{name}': it must match {pattern}.", name, "invalid_value")
            : text;
    }

    public bool Flag(FlagParameter parameter) => Flag(parameter.Name) ?? false;

    public int? Integer(IntegerParameter parameter) => Integer(parameter.Name, parameter.Least, parameter.Most) ?? parameter.Default;

    public long? Long(LongParameter parameter) => Long(parameter.Name);

    public float Number(NumberParameter parameter) => Number(parameter.Name, parameter.Least, parameter.Most, parameter.IsAboveLeast) ?? parameter.Default;

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw WrongType(_prefix + name, "a string", value);

    public bool? Flag(string name) => Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw WrongType(_prefix + name, "a boolean", value);

    public int? Integer(string name, int least, int most)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind != JsonValueKind.Number || !TryInteger(value, out var number) ? throw WrongType(_prefix + name, "an integer", value)
            : number < least || number > most ? throw OutOfRange(_prefix + name, value, $"an integer from {least} to {most}")
            : (int)number;
    }

    /// <summary>Refuses a parameter that OpenAI knows and this server does not serve.</summary>
    public void Refuse(string name, string why)
    {
        if (Find(name) is not null)
        {
            throw ApiException.Invalid($"'{name}' is not supported: {why}", name, "unsupported_parameter");
        }
    }

    public static ApiException WrongType(string name, string wanted, JsonElement got) =>
        ApiException.Invalid($"Invalid type for '{name}': expected {wanted}, but got {Describe(got)} instead.", name, "invalid_type");

    public static ApiException OutOfRange(string name, JsonElement got, string wanted) =>
        ApiException.Invalid($"Invalid value for '{name}': expected {wanted}, but got {Shorten(got.GetRawText())}.", name, "invalid_value");

    private long? Long(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw WrongType(_prefix + name, "a 64-bit integer", value);

    /// <param name="name">The parameter.</param>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    /// <param name="aboveLeast">Whether the smallest value itself is refused.</param>
    private float? Number(string name, float least, float most, bool aboveLeast = false)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var real))
        {
            throw WrongType(_prefix + name, "a number", value);
        }

        // What is compared is what is used: 1e-300 is above 0 only until it is rounded.
        var number = (float)real;
        return number < least || number > most || (aboveLeast && number <= least)
            ? throw OutOfRange(_prefix + name, value, string.Create(CultureInfo.InvariantCulture, $"a number {(aboveLeast ? "above" : "from")} {least} {(aboveLeast ? "and at most" : "to")} {most}"))
            : number;
    }

    private static bool TryInteger(JsonElement value, out long number)
    {
        if (value.TryGetInt64(out number))
        {
            return true;
        }

        // 1e3 and 5.0 are integers as JSON Schema counts them.
        var isWhole = value.TryGetDouble(out var real) && real == Math.Floor(real);
        number = isWhole ? (long)Math.Clamp(real, long.MinValue, long.MaxValue) : 0;
        return isWhole;
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
