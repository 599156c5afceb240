using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Serverless.Core.Prompts;

namespace Serverless.Core.Idempotency;

/// <summary>Names requests and keys by their SHA-256.</summary>
public static class RequestDigest
{
    /// <summary>Of a request: its endpoint and its body, whatever the order of properties and the white space.</summary>
    public static string OfRequest(string endpoint, JsonElement body)
    {
        var canonical = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(canonical, new() { MaxDepth = 256, SkipValidation = true }))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(endpoint);
            CanonicalJson.WriteSorted(writer, body);
            writer.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(canonical.WrittenSpan));
    }

    /// <summary>Of a tenant's own name for something; the length keeps tenant and name apart.</summary>
    public static string OfTenant(string tenant, string name) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(null, $"{tenant.Length}:{tenant}{name}"))));
}
