using System.Globalization;

namespace Serverless.Inference.Gguf;

/// <summary>The key-value part of a GGUF file, read by the type that the caller needs.</summary>
internal sealed class GgufMetadata(IReadOnlyDictionary<string, object> values)
{
    public IReadOnlyDictionary<string, object> Values => values;

    public bool Has(string key) => values.ContainsKey(key);

    public string Text(string key) => Get<string>(key);

    public string? TextOrNull(string key) => Has(key) ? Text(key) : null;

    public string[] Texts(string key) => Get<string[]>(key);

    /// <summary>A whole number of any stored width, within the given limits.</summary>
    public int Integer(string key, int minimum, int maximum)
    {
        var value = Get<object>(key);
        if (value is not (byte or sbyte or ushort or short or uint or int or ulong or long))
        {
            throw Wrong(key, value, "a whole number");
        }

        var number = Convert.ToDecimal(value, CultureInfo.InvariantCulture);
        return number >= minimum && number <= maximum
            ? (int)number
            : throw new GgufException($"Metadata '{key}' is {number}; it has to be between {minimum} and {maximum}.");
    }

    public int? IntegerOrNull(string key, int minimum, int maximum) => Has(key) ? Integer(key, minimum, maximum) : null;

    public float Number(string key)
    {
        var value = Get<object>(key) switch
        {
            float single => single,
            double wide => (float)wide,
            var other => throw Wrong(key, other, "a floating-point number"),
        };
        return float.IsFinite(value) ? value : throw new GgufException($"Metadata '{key}' is {value}; it has to be finite.");
    }

    public float Number(string key, float absent) => Has(key) ? Number(key) : absent;

    public bool Flag(string key, bool absent) => Has(key) ? Get<object>(key) is bool flag ? flag : throw Wrong(key, values[key], "a boolean") : absent;

    /// <summary>An array of whole numbers, stored as signed or unsigned 32-bit.</summary>
    public int[] Integers(string key) => Get<object>(key) switch
    {
        int[] signed => signed,
        uint[] unsigned => System.Array.ConvertAll(unsigned, value => value <= int.MaxValue
            ? (int)value
            : throw new GgufException($"Metadata '{key}' holds {value}, more than fits.")),
        var other => throw Wrong(key, other, "an array of 32-bit whole numbers"),
    };

    private T Get<T>(string key)
    {
        if (!values.TryGetValue(key, out var value))
        {
            throw new GgufException($"Metadata '{key}' is missing.");
        }

        return value is T typed ? typed : throw Wrong(key, value, typeof(T) == typeof(string) ? "a text" : "an array of texts");
    }

    private static GgufException Wrong(string key, object value, string wanted) =>
        new($"Metadata '{key}' is of type {value.GetType().Name}; it has to be {wanted}.");
}
