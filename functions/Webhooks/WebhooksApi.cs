using Microsoft.Extensions.Options;
using Serverless.Core.Webhooks;
using Serverless.Functions.Answers;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Webhooks;

internal static class WebhooksApi
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapGroup("/v1/webhooks").WithTags("Webhooks");
        webhooks.MapPost("", CreateAsync).WithName("createWebhook").WithSummary("Makes an endpoint; its secret is shown in this answer only.")
            .Describe(Samples.Webhook, () => Schemas.Body(WebhookReader.OfNew))
            .Answers(StatusCodes.Status201Created, "The endpoint; this answer alone has its secret.", "Webhook");
        webhooks.MapGet("", ListAsync).WithName("listWebhooks").WithSummary("Lists your endpoints; secrets are masked.")
            .Answers(StatusCodes.Status200OK, "The endpoints, oldest first.", "WebhookList");
        webhooks.MapGet("/{id}", GetAsync).WithName("getWebhook").WithSummary("Describes one endpoint; 'requests' is the one that signs for webhook_url.")
            .Answers(StatusCodes.Status200OK, "The endpoint.", "Webhook");
        webhooks.MapPost("/{id}", UpdateAsync).WithName("updateWebhook").WithSummary("Changes an endpoint's url, events, payload, description or enabled.")
            .Describe(Samples.WebhookChange, () => Schemas.Body(WebhookReader.OfChange))
            .Answers(StatusCodes.Status200OK, "The endpoint as it is now.", "Webhook");
        webhooks.MapDelete("/{id}", DeleteAsync).WithName("deleteWebhook").WithSummary("Deletes an endpoint with its delivery log.")
            .Answers(StatusCodes.Status200OK, "The endpoint is deleted.", "WebhookDeleted");
        webhooks.MapPost("/{id}/rotate", RotateAsync).WithName("rotateWebhookSecret").WithSummary("Gives an endpoint a new secret, shown in this answer only; the old one stays valid for overlap_seconds.")
            .Describe(Samples.WebhookRotation, () => Schemas.Body(WebhookReader.OfRotation), isRequired: false)
            .Answers(StatusCodes.Status200OK, "The endpoint; this answer alone has its new secret.", "Webhook");
        webhooks.MapPost("/{id}/test", TestAsync).WithName("testWebhook").WithSummary("Sends the event webhook.test.")
            .Answers(StatusCodes.Status202Accepted, "The delivery that was begun.", "WebhookDelivery");
    }

    /// <summary>Finds an endpoint of the caller's tenant; another tenant's is not found, as if it did not exist.</summary>
    public static async Task<WebhookEndpoint> FindAsync(HttpContext context, WebhookEndpoints endpoints, string id) =>
        await endpoints.FindAsync(context.Caller().Tenant, id, context.RequestAborted)
            ?? throw ApiException.NotFound("There is no such webhook. GET /v1/webhooks lists those that there are.", "id", "webhook_not_found");

    private static async Task CreateAsync(HttpContext context, WebhookEndpoints endpoints, IOptions<WebhookOptions> options, IOptions<ApiOptions> api, TimeProvider clock)
    {
        var (tenant, now) = (context.Caller().Tenant, clock.GetUtcNow());
        var parameters = new Parameters(await RequestBody.ReadAsync(context, api.Value.MaxBodyBytes));
        var endpoint = WebhookReader.New(parameters, tenant, options.Value, now);
        var count = 0;
        await foreach (var other in endpoints.ListAsync(tenant, context.RequestAborted))
        {
            count += other.Url is null ? 0 : 1;
        }

        if (count >= options.Value.MaxEndpoints)
        {
            throw ApiException.Invalid($"There are {count} webhooks already, and {options.Value.MaxEndpoints} is the most. Delete one first.", null, "too_many_webhooks");
        }

        var secrets = await endpoints.CreateAsync(endpoint, context.RequestAborted);
        await AnswerAsync(context, StatusCodes.Status201Created, endpoint, secrets, new(), now, reveal: true);
    }

    private static async Task ListAsync(HttpContext context, WebhookEndpoints endpoints, TimeProvider clock)
    {
        var all = new List<(WebhookEndpoint Endpoint, WebhookSecrets Secrets, EndpointHealth Health)>();
        await foreach (var endpoint in endpoints.ListAsync(context.Caller().Tenant, context.RequestAborted))
        {
            all.Add((endpoint,
                await endpoints.SecretsAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted),
                await endpoints.HealthAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted)));
        }

        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var (endpoint, secrets, health) in all.OrderBy(item => item.Endpoint.CreatedAt))
            {
                WebhookShape.Write(json, endpoint, secrets, health, clock.GetUtcNow(), reveal: false);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(HttpContext context, string id, WebhookEndpoints endpoints, TimeProvider clock) =>
        await AnswerAsync(context, await FindAsync(context, endpoints, id), endpoints, clock);

    private static async Task UpdateAsync(
        HttpContext context, string id, WebhookEndpoints endpoints, IOptions<WebhookOptions> options, IOptions<ApiOptions> api, TimeProvider clock)
    {
        var endpoint = await FindAsync(context, endpoints, id);
        var parameters = new Parameters(await RequestBody.ReadAsync(context, api.Value.MaxBodyBytes));
        var changed = WebhookReader.Change(endpoint, parameters, options.Value, clock.GetUtcNow());
        await endpoints.UpdateAsync(changed, context.RequestAborted);
        if (changed.DisabledAt is null && (WebhookReader.IsEnabled(parameters) is true || changed.Url != endpoint.Url))
        {
            // What was found out about it is of the past: its owner says that it works now.
            await endpoints.ForgetHealthAsync(changed.Tenant, changed.Id, context.RequestAborted);
        }

        await AnswerAsync(context, changed, endpoints, clock);
    }

    private static async Task DeleteAsync(HttpContext context, string id, WebhookEndpoints endpoints, WebhookDeliveries deliveries)
    {
        var endpoint = await FindAsync(context, endpoints, id);
        if (endpoint.Id == WebhookEndpoint.Requests)
        {
            throw ApiException.Invalid("This endpoint signs for 'webhook_url' and cannot be deleted; it can be disabled with {\"enabled\":false}.", "id", "invalid_value");
        }

        await endpoints.DeleteAsync(endpoint, context.RequestAborted);
        await deliveries.DeleteAllAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", endpoint.Id);
            json.WriteString("object", "webhook.deleted");
            json.WriteBoolean("deleted", true);
            json.WriteEndObject();
        });
    }

    private static async Task RotateAsync(
        HttpContext context, string id, WebhookEndpoints endpoints, IOptions<WebhookOptions> options, IOptions<ApiOptions> api, TimeProvider clock)
    {
        var endpoint = await FindAsync(context, endpoints, id);
        // A body is not needed: without one the overlap is the configured one.
        var overlap = context.Request.ContentType is null ? null
            : WebhookReader.Overlap(new Parameters(await RequestBody.ReadAsync(context, api.Value.MaxBodyBytes)));
        var secrets = await endpoints.RotateAsync(endpoint, overlap ?? options.Value.RotationOverlap, context.RequestAborted);
        var health = await endpoints.HealthAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted);
        await AnswerAsync(context, StatusCodes.Status200OK, endpoint, secrets, health, clock.GetUtcNow(), reveal: true);
    }

    private static async Task TestAsync(HttpContext context, string id, WebhookEndpoints endpoints, WebhookFanOut fanOut)
    {
        var endpoint = await FindAsync(context, endpoints, id);
        if (endpoint.Url is null)
        {
            throw ApiException.Invalid("This endpoint has no address of its own. Send a request with a 'webhook_url' to try one.", "id", "invalid_value");
        }

        var delivery = await fanOut.TestAsync(endpoint, context.RequestAborted);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status202Accepted, json => WebhookShape.Write(json, delivery));
    }

    private static async Task AnswerAsync(HttpContext context, WebhookEndpoint endpoint, WebhookEndpoints endpoints, TimeProvider clock) =>
        await AnswerAsync(
            context,
            StatusCodes.Status200OK,
            endpoint,
            await endpoints.SecretsAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted),
            await endpoints.HealthAsync(endpoint.Tenant, endpoint.Id, context.RequestAborted),
            clock.GetUtcNow(),
            reveal: false);

    private static Task AnswerAsync(
        HttpContext context, int status, WebhookEndpoint endpoint, WebhookSecrets secrets, EndpointHealth health, DateTimeOffset now, bool reveal) =>
        JsonAnswer.WriteAsync(context, status, json => WebhookShape.Write(json, endpoint, secrets, health, now, reveal));
}
