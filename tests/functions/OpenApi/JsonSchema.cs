using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Serverless.Functions.Tests.OpenApi;

/// <summary>Checks JSON against the schemas of an OpenAPI document. A keyword that it does not know is an error, so that none is passed over.</summary>
/// <param name="document">The document that references lead into.</param>
/// <param name="isClosed">Whether properties that a schema does not name are errors.</param>
internal sealed class JsonSchema(JsonElement document, bool isClosed = false)
{
    private static readonly HashSet<string> Notes = ["description", "format", "default", "example", "title"];

    /// <summary>What does not fit, a sentence for each.</summary>
    public IReadOnlyList<string> Problems(JsonElement schema, JsonElement value, string where = "$") => [.. Check(schema, value, where)];

    public JsonElement Component(string name) => document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    public IReadOnlyList<string> Problems(string component, JsonElement value) => Problems(Component(component), value);

    /// <summary>The schema that a reference leads to, or the schema itself.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (element, step) => element.GetProperty(step));
        }

        return schema;
    }

    private IEnumerable<string> Check(JsonElement schema, JsonElement value, string where)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Notes.Contains(keyword.Name)))
        {
            foreach (var problem in Check(schema, keyword.Name, keyword.Value, value, where))
            {
                yield return $"{where}: {problem}";
            }
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var property in value.EnumerateObject())
            {
                var known = properties.TryGetProperty(property.Name, out var inner);
                if (!known && isClosed && !schema.TryGetProperty("additionalProperties", out _))
                {
                    yield return $"{where}: '{property.Name}' is not described.";
                }

                foreach (var problem in known ? Check(inner, property.Value, $"{where}.{property.Name}") : [])
                {
                    yield return problem;
                }
            }
        }
    }

    private IEnumerable<string> Check(JsonElement schema, string keyword, JsonElement wanted, JsonElement value, string where) => keyword switch
    {
        "type" => Unless((wanted.ValueKind == JsonValueKind.Array ? wanted.EnumerateArray().Select(one => one.GetString()!) : [wanted.GetString()!]).Any(type => Is(type, value)), $"{value.GetRawText()} is not {wanted}"),
        "enum" => Unless(wanted.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)), $"{value.GetRawText()} is none of {wanted}"),
        "minimum" => Unless(Compare(value, wanted) is null or >= 0, $"{value} is below {wanted}"),
        "maximum" => Unless(Compare(value, wanted) is null or <= 0, $"{value} is above {wanted}"),
        "exclusiveMinimum" => Unless(Compare(value, wanted) is null or > 0, $"{value} is not above {wanted}"),
        "minLength" => Unless(value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= wanted.GetInt32(), "too short"),
        "maxLength" => Unless(value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= wanted.GetInt32(), "too long"),
        "pattern" => Unless(value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, wanted.GetString()!), $"{value} does not match {wanted}"),
        "minItems" => Unless(value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= wanted.GetInt32(), "too few items"),
        "maxItems" => Unless(value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= wanted.GetInt32(), "too many items"),
        "maxProperties" => Unless(value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() <= wanted.GetInt32(), "too many properties"),
        "required" => wanted.EnumerateArray().Where(name => value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"'{name}' is missing"),
        "items" => value.ValueKind != JsonValueKind.Array ? [] : value.EnumerateArray().SelectMany((item, i) => Check(wanted, item, $"{where}[{i}]")),
        "anyOf" => AnyOf(wanted, value, where),
        "additionalProperties" => value.ValueKind != JsonValueKind.Object ? []
            : value.EnumerateObject().Where(property => !(schema.TryGetProperty("properties", out var known) && known.TryGetProperty(property.Name, out _)))
                .SelectMany(property => Check(wanted, property.Value, $"{where}.{property.Name}")),
        "properties" => [],
        _ => throw new NotSupportedException($"The test does not know the keyword '{keyword}' at {where}."),
    };

    private IEnumerable<string> AnyOf(JsonElement choices, JsonElement value, string where)
    {
        var tried = choices.EnumerateArray().Select(choice => Check(choice, value, where).ToArray()).ToArray();
        return tried.Any(problems => problems.Length == 0) ? [] : [$"fits none of {tried.Length}: {string.Join("; ", tried.SelectMany(problems => problems))}"];
    }

    private static IEnumerable<string> Unless(bool fits, string problem) => fits ? [] : [problem];

    private static int? Compare(JsonElement value, JsonElement limit) => value.ValueKind != JsonValueKind.Number ? null
        : value.TryGetDecimal(out var exact) && limit.TryGetDecimal(out var exactLimit) ? exact.CompareTo(exactLimit)
        : double.Parse(value.GetRawText(), CultureInfo.InvariantCulture).CompareTo(limit.GetDouble());

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number == Math.Floor(number),
        _ => throw new NotSupportedException($"There is no type '{type}'."),
    };
}
