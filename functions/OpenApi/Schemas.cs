using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Serverless.Functions.Json;

namespace Serverless.Functions.OpenApi;

/// <summary>Short ways to say a JSON schema.</summary>
internal static class Schemas
{
    public static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    public static OpenApiSchema OneOf(params string[] values) => new() { Type = JsonSchemaType.String, Enum = [.. values.Select(value => (JsonNode)value)] };

    public static OpenApiSchema Flag(string? description = null) => new() { Type = JsonSchemaType.Boolean, Description = description };

    public static OpenApiSchema Number(string? description = null) => new() { Type = JsonSchemaType.Number, Description = description };

    public static OpenApiSchema Count(string? description = null) => new() { Type = JsonSchemaType.Integer, Minimum = "0", Description = description };

    /// <summary>A moment in seconds since 1970.</summary>
    public static OpenApiSchema Time(string? description = null) =>
        new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0", Description = description ?? "Unix time in seconds." };

    public static OpenApiSchema Integer(long least, long most, int? usual) => new()
    {
        Type = JsonSchemaType.Integer,
        Minimum = least.ToString(CultureInfo.InvariantCulture),
        Maximum = most.ToString(CultureInfo.InvariantCulture),
        Default = usual is { } value ? JsonValue.Create(value) : null,
    };

    public static OpenApiSchema List(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    public static OpenApiSchema Any(params IOpenApiSchema[] choices) => new() { AnyOf = choices };

    public static OpenApiSchema Null() => new() { Type = JsonSchemaType.Null };

    /// <summary>A schema of <see cref="AnswerSchemas"/>, by its name.</summary>
    public static OpenApiSchemaReference Named(string name, OpenApiDocument? document = null) => new(name, document);

    /// <param name="properties">The properties; a name that ends in <c>?</c> is that of one which may be absent.</param>
    public static OpenApiSchema Object(params (string Name, IOpenApiSchema Schema)[] properties) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = properties.ToDictionary(property => property.Name.TrimEnd('?'), property => property.Schema),
        Required = properties.Where(property => !property.Name.EndsWith('?')).Select(property => property.Name).ToHashSet(),
    };

    /// <summary>The object that a request's body is.</summary>
    public static OpenApiSchema Body(params IEnumerable<Parameter> parameters) =>
        Object([.. parameters.Select(parameter => (parameter.IsRequired ? parameter.Name : parameter.Name + "?", parameter.Schema()))]);

    /// <summary>The same, or null.</summary>
    public static OpenApiSchema OrNull(this OpenApiSchema schema)
    {
        // A list of values does not have null in it, so there the type alone would promise too much.
        if (schema is { Type: { } type, Enum: null })
        {
            schema.Type = type | JsonSchemaType.Null;
            return schema;
        }

        return schema is { AnyOf: { } choices } ? Any([.. choices, Null()])
            : schema.Type is null ? schema
            : Any(schema, Null());
    }

    public static OpenApiSchema OrNull(this OpenApiSchemaReference schema) => Any(schema, Null());
}
