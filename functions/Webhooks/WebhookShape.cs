using System.Text.Json;
using Serverless.Core.Webhooks;

namespace Serverless.Functions.Webhooks;

/// <summary>The JSON objects <c>webhook</c> and <c>webhook.delivery</c>.</summary>
internal static class WebhookShape
{
    /// <summary>The names of the states of a delivery, in the order of <see cref="DeliveryState"/>.</summary>
    public static string[] States { get; } = [.. Enum.GetNames<DeliveryState>().Select(name => name.ToLowerInvariant())];

    /// <param name="json">Where to write.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="secrets">Its secrets, which are shown by their last characters only.</param>
    /// <param name="health">What deliveries found out.</param>
    /// <param name="now">Secrets that have ended by then are left out.</param>
    /// <param name="reveal">Whether the newest secret itself is shown: when it is new, and never again.</param>
    public static void Write(
        Utf8JsonWriter json, WebhookEndpoint endpoint, WebhookSecrets secrets, EndpointHealth health, DateTimeOffset now, bool reveal)
    {
        json.WriteStartObject();
        json.WriteString("id", endpoint.Id);
        json.WriteString("object", "webhook");
        json.WriteString("url", endpoint.Url?.AbsoluteUri);
        json.WriteString("description", endpoint.Description);
        json.WriteStartArray("events");
        foreach (var name in endpoint.Events)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteString("payload", endpoint.Payload == WebhookPayload.Full ? "full" : "thin");
        json.WriteBoolean("enabled", endpoint.DisabledAt is null && health.GoneAt is null);
        json.WriteString("disabled_reason", health.GoneAt is not null ? "The receiver answered 410 Gone." : endpoint.DisabledAt is not null ? "Disabled by its owner." : null);
        json.WriteNumber("created_at", endpoint.CreatedAt.ToUnixTimeSeconds());
        json.WriteNumber("failures_in_a_row", health.Failures);
        WriteTime(json, "paused_until", health.PausedUntil > now ? health.PausedUntil : null);
        if (reveal)
        {
            json.WriteString("secret", secrets.All[0].Text);
        }

        json.WriteStartArray("secrets");
        foreach (var secret in secrets.Valid(now))
        {
            json.WriteStartObject();
            json.WriteString("hint", secret.Hint);
            json.WriteString("public_key", secret.PublicKey);
            json.WriteNumber("created_at", secret.CreatedAt.ToUnixTimeSeconds());
            WriteTime(json, "expires_at", secret.ExpiresAt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, WebhookDelivery delivery)
    {
        json.WriteStartObject();
        json.WriteString("id", delivery.Id);
        json.WriteString("object", "webhook.delivery");
        json.WriteString("webhook", delivery.Endpoint);
        json.WriteString("event", delivery.Event);
        json.WriteString("job", delivery.Job?.ToString());
        json.WriteString("url", delivery.Url?.AbsoluteUri);
        json.WriteString("status", States[(int)delivery.State]);
        json.WriteString("reason", delivery.Reason);
        json.WriteNumber("created_at", delivery.CreatedAt.ToUnixTimeSeconds());
        WriteTime(json, "next_attempt_at", delivery.NextAttemptAt);
        json.WriteNumber("attempt_count", delivery.NextAttempt - 1);
        json.WriteStartArray("attempts");
        foreach (var attempt in delivery.Attempts)
        {
            json.WriteStartObject();
            json.WriteNumber("number", attempt.Number);
            json.WriteNumber("at", attempt.At.ToUnixTimeSeconds());
            json.WriteNumber("latency_ms", attempt.LatencyMs);
            if (attempt.Status is { } status)
            {
                json.WriteNumber("status", status);
            }
            else
            {
                json.WriteNull("status");
            }

            json.WriteString("error", attempt.Error);
            json.WriteString("response", attempt.Response);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteNumber(name, known.ToUnixTimeSeconds());
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
