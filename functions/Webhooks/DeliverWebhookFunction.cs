using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Hosting;
using Serverless.Functions.Json;

namespace Serverless.Functions.Webhooks;

/// <summary>The queue-triggered function <c>DeliverWebhook</c>: the Functions host posts each message of <c>webhooks</c> here.</summary>
internal static class DeliverWebhookFunction
{
    public static void MapDeliverWebhook(this IEndpointRouteBuilder routes)
    {
        // Standing alone, the process pulls the queue itself, and no such door is open.
        if (routes.ServiceProvider.GetRequiredService<IConfiguration>().IsCustomHandler())
        {
            routes.MapPost("/DeliverWebhook", RunAsync).ExcludeFromDescription();
        }
    }

    private static async Task<IResult> RunAsync(HttpContext context, WebhookHandler handler, IOptions<ApiOptions> options)
    {
        if (TriggerEnvelope.IsFromOutside(context.Request))
        {
            throw new ApiException(new JobError(403, "invalid_request_error", "Only the Functions host calls this.", null, "forbidden"));
        }

        var body = await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        // A failure makes the host deliver the message again, and dead-letter it in the end.
        return TriggerEnvelope.ReadMessage(body, "message") is { } message && await handler.HandleAsync(message, context.RequestAborted)
            ? Results.Text("{}", "application/json")
            : throw ApiException.Invalid("This is no webhook message of a known schema.", null, "unreadable_message");
    }
}
