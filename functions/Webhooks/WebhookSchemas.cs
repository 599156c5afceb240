using Microsoft.OpenApi;
using Serverless.Core.Webhooks;
using static Serverless.Functions.OpenApi.Schemas;

namespace Serverless.Functions.Webhooks;

/// <summary>What the routes of webhooks answer; see <see cref="WebhookShape"/>.</summary>
internal static class WebhookSchemas
{
    public static IEnumerable<(string Name, OpenApiSchema Schema)> All() =>
    [
        ("Webhook", Object(
            ("id", Text("'requests' signs for webhook_url.")),
            ("object", OneOf("webhook")),
            ("url", Text("Where messages go; null for 'requests'.").OrNull()),
            ("description", Text().OrNull()),
            ("events", List(OneOf([.. WebhookEvents.All]))),
            ("payload", OneOf("thin", "full")),
            ("enabled", Flag("Whether messages are sent.")),
            ("disabled_reason", Text().OrNull()),
            ("created_at", Time()),
            ("failures_in_a_row", Count()),
            ("paused_until", Time("Until when the endpoint is left alone.").OrNull()),
            ("secret?", Text("The newest secret, in the answer to its making only.")),
            ("secrets", List(Object(
                ("hint", Text("The last characters of the secret.")),
                ("public_key", Text("Verifies the signatures v1a.")),
                ("created_at", Time()),
                ("expires_at", Time("When it stops signing.").OrNull())))))),
        ("WebhookList", Object(("object", OneOf("list")), ("data", List(Named("Webhook"))))),
        ("WebhookDeleted", Object(("id", Text()), ("object", OneOf("webhook.deleted")), ("deleted", Flag()))),
        ("WebhookDelivery", Object(
            ("id", Text("The header webhook-id of each of its attempts.")),
            ("object", OneOf("webhook.delivery")),
            ("webhook", Text("The endpoint's id.")),
            ("event", OneOf([.. WebhookEvents.All, WebhookEvents.Test])),
            ("job", Text("The job that ended; null for a test.").OrNull()),
            ("url", Text("The request's webhook_url; null where the endpoint's own url counts.").OrNull()),
            ("status", OneOf(WebhookShape.States)),
            ("reason", Text("Why it failed for good.").OrNull()),
            ("created_at", Time()),
            ("next_attempt_at", Time().OrNull()),
            ("attempt_count", Count()),
            ("attempts", List(Named("WebhookAttempt"))))),
        ("WebhookAttempt", Object(
            ("number", Count()),
            ("at", Time()),
            ("latency_ms", Count()),
            ("status", Count("The receiver's HTTP status.").OrNull()),
            ("error", Text("Why there was no answer.").OrNull()),
            ("response", Text("The start of the receiver's answer.").OrNull()))),
        ("WebhookDeliveryList", Object(
            [("object", OneOf("list")), ("data", List(Named("WebhookDelivery"))), .. Page()])),
        ("WebhookReplay", Object(
            [("object", OneOf("webhook.replay")), ("replayed", Count()), .. Page()])),
    ];

    private static (string, IOpenApiSchema)[] Page() =>
    [
        ("last_id", Text("The last delivery that was looked at: the next call's after.").OrNull()),
        ("has_more", Flag()),
    ];
}
