using System.Globalization;
using Microsoft.OpenApi;
using Serverless.Core.Webhooks;
using Serverless.Functions.Answers;
using Serverless.Functions.Errors;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Webhooks;

/// <summary>The delivery log over HTTP, and replays from it.</summary>
internal static class DeliveriesApi
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    // What one call looks through or replays; has_more says that there is more.
    private const int MostRead = 1000;

    public static void MapDeliveries(this IEndpointRouteBuilder routes)
    {
        var deliveries = routes.MapGroup("/v1/webhooks/{id}/deliveries").WithTags("Webhooks");
        deliveries.MapGet("", ListAsync).WithName("listWebhookDeliveries").WithSummary("Lists deliveries, the newest first; ?status=, ?limit= and ?after= narrow it.")
            .Takes(ParameterLocation.Query, "status", "Only the deliveries in this state.", Schemas.OneOf(WebhookShape.States))
            .Takes(ParameterLocation.Query, "limit", "The most deliveries of one page.", Schemas.Integer(1, MaxLimit, DefaultLimit))
            .TakesAfter()
            .Answers(StatusCodes.Status200OK, "A page of deliveries.", "WebhookDeliveryList");
        deliveries.MapGet("/{delivery}", GetAsync).WithName("getWebhookDelivery").WithSummary("Shows one delivery with its attempts.")
            .Answers(StatusCodes.Status200OK, "The delivery.", "WebhookDelivery");
        deliveries.MapPost("/{delivery}/replay", ReplayAsync).WithName("replayWebhookDelivery").WithSummary("Sends a delivery again, under the same webhook-id.")
            .Answers(StatusCodes.Status202Accepted, "The delivery that was begun anew.", "WebhookDelivery");
        deliveries.MapPost("/replay_failed", ReplayFailedAsync).WithName("replayFailedWebhookDeliveries").WithSummary("Sends every failed delivery again.")
            .TakesAfter()
            .Answers(StatusCodes.Status202Accepted, "How many were begun anew, and where the next call goes on.", "WebhookReplay");
    }

    private static RouteHandlerBuilder TakesAfter(this RouteHandlerBuilder route) =>
        route.Takes(ParameterLocation.Query, "after", "The last_id of the page before.", Schemas.Text());

    private static async Task ListAsync(HttpContext context, string id, WebhookEndpoints endpoints, WebhookDeliveries deliveries)
    {
        var endpoint = await WebhooksApi.FindAsync(context, endpoints, id);
        var page = await ReadAsync(context, deliveries, endpoint, State(context), Limit(context));
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var delivery in page.Found)
            {
                WebhookShape.Write(json, delivery);
            }

            json.WriteEndArray();
            json.WriteString("last_id", page.Last);
            json.WriteBoolean("has_more", page.HasMore);
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(HttpContext context, string id, string delivery, WebhookEndpoints endpoints, WebhookDeliveries deliveries)
    {
        var found = await FindAsync(context, id, delivery, endpoints, deliveries);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => WebhookShape.Write(json, found));
    }

    private static async Task ReplayAsync(
        HttpContext context, string id, string delivery, WebhookEndpoints endpoints, WebhookDeliveries deliveries, WebhookFanOut fanOut)
    {
        var again = await fanOut.ReplayAsync(await FindAsync(context, id, delivery, endpoints, deliveries), CancellationToken.None);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status202Accepted, json => WebhookShape.Write(json, again));
    }

    private static async Task ReplayFailedAsync(HttpContext context, string id, WebhookEndpoints endpoints, WebhookDeliveries deliveries, WebhookFanOut fanOut)
    {
        var endpoint = await WebhooksApi.FindAsync(context, endpoints, id);
        var page = await ReadAsync(context, deliveries, endpoint, DeliveryState.Failed, MostRead);
        foreach (var delivery in page.Found)
        {
            await fanOut.ReplayAsync(delivery, context.RequestAborted);
        }

        await JsonAnswer.WriteAsync(context, StatusCodes.Status202Accepted, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "webhook.replay");
            json.WriteNumber("replayed", page.Found.Count);
            json.WriteString("last_id", page.Last);
            json.WriteBoolean("has_more", page.HasMore);
            json.WriteEndObject();
        });
    }

    private static async Task<WebhookDelivery> FindAsync(HttpContext context, string id, string delivery, WebhookEndpoints endpoints, WebhookDeliveries deliveries)
    {
        var endpoint = await WebhooksApi.FindAsync(context, endpoints, id);
        return await deliveries.FindAsync(endpoint.Tenant, endpoint.Id, delivery, context.RequestAborted)
            ?? throw ApiException.NotFound("There is no such delivery of this webhook.", "delivery", "delivery_not_found");
    }

    private static async Task<Page> ReadAsync(HttpContext context, WebhookDeliveries deliveries, WebhookEndpoint endpoint, DeliveryState? wanted, int limit)
    {
        var found = new List<WebhookDelivery>();
        var (read, last) = (0, (string?)null);
        await foreach (var delivery in deliveries.ListAsync(endpoint.Tenant, endpoint.Id, After(context), context.RequestAborted))
        {
            if (found.Count == limit || read == MostRead)
            {
                return new(found, last, true);
            }

            read++;
            last = delivery.Id;
            if (wanted is null || delivery.State == wanted)
            {
                found.Add(delivery);
            }
        }

        return new(found, last, false);
    }

    private static DeliveryState? State(HttpContext context) => context.Request.Query["status"].FirstOrDefault() is not { } text ? null
        : Array.IndexOf(WebhookShape.States, text) is >= 0 and var state ? (DeliveryState)state
        : throw ApiException.Invalid($"'status' takes one of {string.Join(", ", WebhookShape.States)}.", "status", "invalid_value");

    private static int Limit(HttpContext context) => context.Request.Query["limit"].FirstOrDefault() is not { } text ? DefaultLimit
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit ? limit
        : throw ApiException.Invalid($"'limit' takes a number from 1 to {MaxLimit}.", "limit", "invalid_value");

    private static string? After(HttpContext context) => context.Request.Query["after"].FirstOrDefault() is not { } id ? null
        : WebhookDelivery.TryReadTime(id, out _) ? id
        : throw ApiException.Invalid("'after' takes the id of a delivery.", "after", "invalid_value");

    private sealed record Page(IReadOnlyList<WebhookDelivery> Found, string? Last, bool HasMore);
}
