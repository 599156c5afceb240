using System.Globalization;

namespace Serverless.Inference.Gguf;

/// <summary>The key-value part of a GGUF file, read by the type that the caller needs; what is wrong is told with its offset.</summary>
internal sealed class GgufMetadata(IReadOnlyDictionary<string, object> values, IReadOnlyDictionary<string, long> offsets)
{
    // Where the first entry lies, and so where one that is missing would be.
    private const long Start = 24;

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
            : throw Wrong(key, $"{number} has to be between {minimum} and {maximum}.");
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
        return float.IsFinite(value) ? value : throw Wrong(key, $"{value} has to be finite.");
    }

    public float Number(string key, float absent) => Has(key) ? Number(key) : absent;

    public bool Flag(string key, bool absent) => Has(key) ? Get<object>(key) is bool flag ? flag : throw Wrong(key, values[key], "a boolean") : absent;

    /// <summary>An array of whole numbers, stored as signed or unsigned 32-bit.</summary>
    public int[] Integers(string key) => Get<object>(key) switch
    {
        int[] signed => signed,
        uint[] unsigned => System.Array.ConvertAll(unsigned, value => value <= int.MaxValue
            ? (int)value
            : throw Wrong(key, $"it holds {value}, more than fits.")),
        var other => throw Wrong(key, other, "an array of 32-bit whole numbers"),
    };

    private T Get<T>(string key)
    {
        if (!values.TryGetValue(key, out var value))
        {
            throw Wrong(key, "it is missing.");
        }

        return value is T typed ? typed : throw Wrong(key, value, typeof(T) == typeof(string) ? "a text" : "an array of texts");
    }

    private GgufException Wrong(string key, object value, string wanted) => Wrong(key, $"it is of type {value.GetType().Name}; it has to be {wanted}.");

    private GgufException Wrong(string key, string problem) => new(offsets.GetValueOrDefault(key, Start), $"metadata '{key}'", problem);
}
