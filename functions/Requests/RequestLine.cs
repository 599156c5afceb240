using System.Text.Json;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;

namespace Serverless.Functions.Requests;

/// <summary>A request that did not come as an HTTP call of its own, in the form of OpenAI's batch lines: <c>{"custom_id","method","url","body"}</c>.</summary>
/// <param name="CustomId">The sender's name for it.</param>
/// <param name="Kind">What it asks for.</param>
/// <param name="Body">The endpoint's body.</param>
internal sealed record RequestLine(string? CustomId, GenerationKind Kind, JsonElement Body)
{
    private const int LongestCustomId = 512;

    /// <summary>Reads a line; the body's own parameters are the <see cref="CallReader"/>'s business.</summary>
    /// <exception cref="ApiException">It is no such line.</exception>
    public static RequestLine Read(ReadOnlyMemory<byte> json)
    {
        var line = RequestBody.Parse(json);
        var customId = Text(line, "custom_id");
        if (customId is { Length: 0 or > LongestCustomId })
        {
            throw ApiException.Invalid($"'custom_id' takes 1 to {LongestCustomId} characters.", "custom_id", "invalid_value");
        }

        if (Text(line, "method") is { } method && method != "POST")
        {
            throw ApiException.Invalid("'method' takes \"POST\" only.", "method", "invalid_value");
        }

        var url = Text(line, "url") ?? throw Missing("url");
        var kind = GenerationKind.Find(url)
            ?? throw ApiException.Invalid($"'url' takes one of {string.Join(", ", GenerationKind.All.Select(one => one.Url))}.", "url", "invalid_url");
        return !line.TryGetProperty("body", out var body) ? throw Missing("body")
            : body.ValueKind != JsonValueKind.Object ? throw Parameters.WrongType("body", "an object", body)
            : new(customId, kind, body);
    }

    private static string? Text(JsonElement line, string name) => !line.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Parameters.WrongType(name, "a string", value);

    private static ApiException Missing(string name) => ApiException.Invalid($"Missing required field: '{name}'.", name, "missing_required_parameter");
}
