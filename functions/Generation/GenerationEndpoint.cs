using Microsoft.Extensions.Options;
using Serverless.Core.Requests;
using Serverless.Functions.Answers;
using Serverless.Functions.Authentication;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Json;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>Reads a generation call from HTTP and has it answered; the endpoints differ in how a prompt is read and an answer is written.</summary>
internal sealed class GenerationEndpoint(CallReader reader, IdempotencyReader idempotency, GenerationDoor door, IOptions<ApiOptions> options)
{
    /// <param name="context">The call.</param>
    /// <param name="name">Tells equal bodies of different endpoints apart.</param>
    /// <param name="readPrompt">Reads what is particular to the endpoint.</param>
    /// <param name="shape">Writes its answers.</param>
    public async Task AnswerAsync(HttpContext context, string name, Func<Parameters, GenerationRequest, GenerationRequest> readPrompt, IAnswerShape shape)
    {
        var body = await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        var key = await idempotency.ReadAsync(context, name, body);
        // A repeat is as valid as the first call was, although its deadline may have passed.
        var call = await reader.ReadAsync(body, readPrompt, key?.Claim?.Record.CreatedAt, context.RequestAborted);
        CompletionReader.CheckTokens(call.Request, call.Deployment);
        await door.AnswerAsync(context, call with { Attempt = SdkAttempt.Read(context, context.Caller().Tenant, name, body) }, shape, key);
    }
}
