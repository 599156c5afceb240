using System.Text.Json;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Idempotency;

/// <summary>Reads a call's <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header) and what is known of it.</summary>
internal sealed class IdempotencyReader(IdempotencyKeys keys)
{
    public const string Header = "Idempotency-Key";
    public const int LongestKey = 255;

    /// <returns>Null when the call has no key.</returns>
    public async Task<IdempotencyLookup?> ReadAsync(HttpContext context, string endpoint, JsonElement body)
    {
        if (!context.Request.Headers.TryGetValue(Header, out var values))
        {
            return null;
        }

        if (values is not [{ Length: > 0 and <= LongestKey } key] || key.Any(character => character is < ' ' or > '~'))
        {
            throw ApiException.Invalid($"The header '{Header}' takes one key of 1 to {LongestKey} visible ASCII characters.", Header, "invalid_idempotency_key");
        }

        var lookup = await keys.FindAsync(context.Caller().Tenant, key, RequestDigest.OfRequest(endpoint, body), context.RequestAborted);
        Check(lookup, lookup.Claim);
        return lookup;
    }

    /// <summary>Refuses a request that is another than the one its key came with first.</summary>
    public static void Check(IdempotencyLookup lookup, IdempotencyClaim? claim)
    {
        if (claim is not null && claim.Record.Digest != lookup.Digest)
        {
            throw new ApiException(new JobError(
                422,
                "invalid_request_error",
                $"This '{Header}' came with another request before. Send that request unchanged, or this one with a key of its own.",
                Header,
                "idempotency_key_reuse"));
        }
    }
}
