using Microsoft.Extensions.Options;
using Serverless.Functions.Authentication;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Json;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>Reads a generation call from HTTP and has it answered.</summary>
internal sealed class GenerationEndpoint(CallReader reader, IdempotencyReader idempotency, GenerationDoor door, IOptions<ApiOptions> options)
{
    public async Task AnswerAsync(HttpContext context, GenerationKind kind)
    {
        var body = await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        var key = await idempotency.ReadAsync(context, kind.Name, body);
        // A repeat is as valid as the first call was, although its deadline may have passed.
        var call = await reader.ReadAsync(body, kind, key?.Claim?.Record.CreatedAt, context.RequestAborted);
        await door.AnswerAsync(context, call with { Attempt = SdkAttempt.Read(context, context.Caller().Tenant, kind.Name, body) }, kind.Shape, key);
    }
}
