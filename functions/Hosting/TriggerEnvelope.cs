using System.Text;
using System.Text.Json;

namespace Serverless.Functions.Hosting;

/// <summary>The Functions host's <c>{"Data":{…},"Metadata":{…}}</c>, with which it hands a trigger's message over.</summary>
internal static class TriggerEnvelope
{
    // The host sets these on everything that came from outside, and on nothing of its own.
    private static readonly string[] Proxied = ["x-ms-invocation-id", "X-Forwarded-For", "X-Forwarded-Host"];

    /// <summary>Whether the request was passed on from outside, where nobody may call a trigger.</summary>
    public static bool IsFromOutside(HttpRequest request) => Array.Exists(Proxied, request.Headers.ContainsKey);

    /// <returns>The message's text as it was on the queue, or null when the body is no such envelope.</returns>
    public static byte[]? ReadMessage(JsonElement body, string binding)
    {
        if (body.ValueKind != JsonValueKind.Object
            || !body.TryGetProperty("Data", out var data) || data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty(binding, out var value))
        {
            return null;
        }

        // A string holds JSON, whose value is the message or the string that it was sent as; hosts differ.
        if (value.ValueKind == JsonValueKind.String && Parse(value.GetString()!) is { } inner)
        {
            value = inner;
        }

        return Encoding.UTF8.GetBytes(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
    }

    private static JsonElement? Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
