using System.Globalization;
using System.Text.Json;
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

    /// <summary>The parameters that were sent but mean nothing here.</summary>
    public IEnumerable<string> Unread => _values.Keys.Where(name => !_read.Contains(name));

    public JsonElement? Find(string name)
    {
        _read.Add(name);
        return _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

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

    public long? Long(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw WrongType(_prefix + name, "a 64-bit integer", value);

    /// <param name="name">The parameter.</param>
    /// <param name="least">The smallest value.</param>
    /// <param name="most">The largest value.</param>
    /// <param name="aboveLeast">Whether the smallest value itself is refused.</param>
    public float? Number(string name, float least, float most, bool aboveLeast = false)
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
