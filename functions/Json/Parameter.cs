using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Json;

/// <summary>A parameter of a request: the one rule by which it is both validated and described.</summary>
/// <param name="Name">Its name in the JSON object.</param>
/// <param name="Meaning">What it does, for the API's description.</param>
internal abstract record Parameter(string Name, string Meaning)
{
    public bool IsRequired { get; init; }

    /// <summary>The rule as a JSON schema; JSON <c>null</c> counts as absent, so what may be absent may be null.</summary>
    public IOpenApiSchema Schema()
    {
        var rule = Rule();
        var schema = IsRequired ? rule : rule.OrNull();
        schema.Description = Meaning;
        return schema;
    }

    protected abstract OpenApiSchema Rule();
}

/// <param name="Least">The smallest value.</param>
/// <param name="Most">The largest value.</param>
/// <param name="Default">What counts when it is absent.</param>
internal sealed record NumberParameter(string Name, float Least, float Most, float Default, string Meaning) : Parameter(Name, Meaning)
{
    /// <summary>Whether the smallest value itself is refused.</summary>
    public bool IsAboveLeast { get; init; }

    protected override OpenApiSchema Rule() => new()
    {
        Type = JsonSchemaType.Number,
        Minimum = IsAboveLeast ? null : Text(Least),
        ExclusiveMinimum = IsAboveLeast ? Text(Least) : null,
        Maximum = Text(Most),
        Default = JsonNode.Parse(Text(Default)),
    };

    // The shortest decimal that gives the same number: 0.01, and not its nearest binary fraction.
    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <inheritdoc cref="NumberParameter"/>
internal sealed record IntegerParameter(string Name, int Least, int Most, int? Default, string Meaning) : Parameter(Name, Meaning)
{
    protected override OpenApiSchema Rule() => Schemas.Integer(Least, Most, Default);
}

/// <summary>A 64-bit integer.</summary>
internal sealed record LongParameter(string Name, string Meaning) : Parameter(Name, Meaning)
{
    protected override OpenApiSchema Rule()
    {
        var schema = Schemas.Integer(long.MinValue, long.MaxValue, null);
        schema.Format = "int64";
        return schema;
    }
}

/// <summary>A boolean that is false when it is absent.</summary>
internal sealed record FlagParameter(string Name, string Meaning) : Parameter(Name, Meaning)
{
    protected override OpenApiSchema Rule() => new() { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false) };
}

internal sealed record TextParameter(string Name, string Meaning) : Parameter(Name, Meaning)
{
    /// <summary>The values that it takes; none by default, which means any.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>A regular expression that the whole value matches.</summary>
    public string? Pattern { get; init; }

    public int? MaxLength { get; init; }

    protected override OpenApiSchema Rule() => new()
    {
        Type = JsonSchemaType.String,
        Enum = Values.Count > 0 ? [.. Values.Select(value => (JsonNode)value)] : null,
        Pattern = Pattern,
        MaxLength = MaxLength,
    };
}

/// <summary>A parameter with a shape of its own, which its reader checks.</summary>
/// <param name="Shape">Makes the schema.</param>
internal sealed record ShapedParameter(string Name, string Meaning, Func<OpenApiSchema> Shape) : Parameter(Name, Meaning)
{
    protected override OpenApiSchema Rule() => Shape();
}
