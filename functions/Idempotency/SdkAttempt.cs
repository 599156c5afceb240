using System.Globalization;
using System.Text.Json;
using Serverless.Core.Idempotency;

namespace Serverless.Functions.Idempotency;

/// <summary>An attempt of an official SDK, which numbers its attempts at a request and sends no key with them.</summary>
internal sealed class SdkAttempt
{
    public const string Header = "x-stainless-retry-count";

    private readonly Lazy<string> _digest;

    private SdkAttempt(bool isRetry, Func<string> digest) => (IsRetry, _digest) = (isRetry, new(digest));

    /// <summary>Whether the request was sent before.</summary>
    public bool IsRetry { get; }

    /// <summary>Names the tenant's request: its endpoint and its body.</summary>
    public string Digest => _digest.Value;

    /// <returns>Null when the caller is no such SDK.</returns>
    public static SdkAttempt? Read(HttpContext context, string tenant, string endpoint, JsonElement body) =>
        int.TryParse(context.Request.Headers[Header], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new(count > 0, () => RequestDigest.OfTenant(tenant, RequestDigest.OfRequest(endpoint, body)))
            : null;
}
