using Microsoft.AspNetCore.Http.Features;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Authentication;

/// <summary>Lets nobody under <c>/v1</c> without a valid API key.</summary>
internal sealed class AuthenticationMiddleware(RequestDelegate next, IKeyRing keys)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/v1"))
        {
            var timing = context.Features.GetRequiredFeature<ServerTiming>();
            var header = context.Request.Headers.Authorization.ToString();
            if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            {
                throw Refused("You didn't provide an API key. Provide it in an Authorization header using Bearer auth (Authorization: Bearer YOUR_KEY).");
            }

            var record = await keys.FindAsync(header[Scheme.Length..].Trim(), context.RequestAborted)
                ?? throw Refused("Incorrect API key provided, or it was revoked. An administrator can make one with POST /v1/keys.");
            context.Features.Set(record);
            timing.Lap("auth");
        }

        await next(context);
    }

    private static ApiException Refused(string message) => new(new JobError(401, "invalid_request_error", message, null, "invalid_api_key"));
}

internal static class CallerExtensions
{
    /// <summary>The API key that the request came with.</summary>
    public static KeyRecord Caller(this HttpContext context) => context.Features.GetRequiredFeature<KeyRecord>();
}
