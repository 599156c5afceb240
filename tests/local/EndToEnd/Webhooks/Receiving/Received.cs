using System.Text;
using System.Text.Json;

namespace Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

/// <summary>One request as a receiver got it; the names of headers are in lower case.</summary>
public sealed record Received(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Id => Headers["webhook-id"];

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Type => Json.GetProperty("type").GetString()!;

    public JsonElement Data => Json.GetProperty("data");
}
