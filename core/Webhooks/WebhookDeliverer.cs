using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;

namespace Serverless.Core.Webhooks;

/// <summary>Makes the attempt that a message asks for, and sees to what follows from it.</summary>
/// <remarks>
/// 1. A message of an attempt that was made already, or of an earlier round, is dropped (<see cref="WebhookDelivery.For"/>).
/// 2. A receiver that is paused or has its share of requests under way puts the message off; others are not held up.
/// 3. The request is made; the receiver's health is noted.
/// 4. The next attempt is scheduled, and only then is the record written: after a crash between the two that attempt
///    is made all the same, and this one is repeated at most once, under the same id.
/// </remarks>
internal sealed class WebhookDeliverer(
    WebhookEndpoints endpoints,
    WebhookDeliveries deliveries,
    WebhookOutbox outbox,
    IJobStore jobs,
    IWebhookBody body,
    WebhookSender sender,
    EndpointGates gates,
    IOptions<WebhookOptions> settings,
    TimeProvider clock,
    Random random)
{
    private const int Gone = 410;
    private static readonly TimeSpan ShortestDeferral = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDeferral = TimeSpan.FromMinutes(1);

    private WebhookOptions Options => settings.Value;

    public async Task DeliverAsync(WebhookMessage message, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await deliveries.FindAsync(message.Tenant, message.Endpoint!, message.Delivery!, cancellationToken);
        if (found?.For(message, now + Options.RetryWindow) is not { } delivery
            || await endpoints.FindAsync(message.Tenant, message.Endpoint!, cancellationToken) is not { } endpoint)
        {
            return;
        }

        var receiver = WebhookEndpoints.HealthKey(endpoint.Id, delivery.Url);
        var health = await endpoints.HealthAsync(endpoint.Tenant, receiver, cancellationToken);
        if (endpoint.DisabledAt is not null || health.GoneAt is not null)
        {
            await CloseAsync(delivery, DeliveryState.Failed, "The endpoint is disabled.", cancellationToken);
        }
        else if (now >= delivery.GiveUpAt)
        {
            await CloseAsync(delivery, DeliveryState.Failed, "No attempt succeeded in the time for retries.", cancellationToken);
        }
        else if (health.IsPaused(now))
        {
            var until = health.PausedUntil!.Value < delivery.GiveUpAt ? health.PausedUntil.Value : delivery.GiveUpAt;
            await DeferAsync(message, until - now, cancellationToken);
        }
        else if (gates.TryEnter($"{endpoint.Tenant}/{receiver}", health.IsProbing(Options) ? 1 : Options.ConcurrencyPerEndpoint) is { } turn)
        {
            using (turn)
            {
                await AttemptAsync(delivery, endpoint, receiver, health, cancellationToken);
            }
        }
        else
        {
            await DeferAsync(message, TimeSpan.Zero, cancellationToken);
        }
    }

    /// <summary>Puts a message off without an attempt; each time longer, and spread so that not all come back at once.</summary>
    public Task DeferAsync(WebhookMessage message, TimeSpan atLeast, CancellationToken cancellationToken)
    {
        var wait = ShortestDeferral * Math.Pow(2, Math.Min(message.Deferrals, 10));
        var spread = (wait < LongestDeferral ? wait : LongestDeferral) * (0.5 + random.NextDouble());
        return outbox.SendAsync(message with { Deferrals = message.Deferrals + 1 }, clock.GetUtcNow() + atLeast + spread, cancellationToken);
    }

    private async Task AttemptAsync(WebhookDelivery delivery, WebhookEndpoint endpoint, string receiver, EndpointHealth health, CancellationToken cancellationToken)
    {
        var (job, result) = delivery.Job is { } id
            ? (await jobs.FindAsync(id, cancellationToken), await jobs.FindResultAsync(id, cancellationToken))
            : (null, null);
        if (delivery.Job is not null && (job is null || result is null))
        {
            await CloseAsync(delivery, DeliveryState.Failed, "The job is no longer stored.", cancellationToken);
            return;
        }

        var secrets = await endpoints.SecretsAsync(endpoint.Tenant, endpoint.Id, cancellationToken);
        if (secrets.All.Count == 0)
        {
            // The endpoint has just been deleted, and nothing goes out unsigned.
            return;
        }

        var (attempt, retryAfter) = await sender.SendAsync(
            delivery.Url ?? endpoint.Url!, delivery.Id, delivery.NextAttempt, secrets, body.Write(delivery, job, result), cancellationToken);
        var now = clock.GetUtcNow();
        var tried = delivery.Add(attempt);
        if (attempt.Status is >= 200 and < 300)
        {
            if (health != new EndpointHealth())
            {
                await endpoints.ForgetHealthAsync(endpoint.Tenant, receiver, cancellationToken);
            }

            await CloseAsync(tried, DeliveryState.Delivered, null, cancellationToken);
            return;
        }

        // Only these two say when to come back; the wish is the whole endpoint's, not this message's alone.
        // It is granted within reason: a receiver that asks for years would never hear of anything again.
        var wish = attempt.Status is 429 or 503 ? retryAfter : null;
        wish = wish > Options.MaxRetryDelay ? Options.MaxRetryDelay : wish;
        var gone = attempt.Status == Gone;
        var noted = gone && delivery.Url is null ? health with { GoneAt = now }
            : wish is { } wait ? health.Pause(now + wait)
            : health.Fail(now, Options);
        await endpoints.WriteHealthAsync(endpoint.Tenant, receiver, noted, cancellationToken);
        if (gone)
        {
            await CloseAsync(tried, DeliveryState.Failed, "The receiver answered 410 Gone.", cancellationToken);
        }
        else
        {
            await RetryAsync(tried, now, wish ?? TimeSpan.Zero, cancellationToken);
        }
    }

    private async Task RetryAsync(WebhookDelivery delivery, DateTimeOffset now, TimeSpan atLeast, CancellationToken cancellationToken)
    {
        var failures = delivery.NextAttempt - delivery.RoundStart;
        var delay = RetrySchedule.Delay(Options, failures, random.NextDouble());
        var next = now + (delay > atLeast ? delay : atLeast);
        if (next > delivery.GiveUpAt)
        {
            await CloseAsync(delivery, DeliveryState.Failed, "No attempt succeeded in the time for retries.", cancellationToken);
            return;
        }

        await outbox.SendAsync(WebhookFanOut.Due(delivery), next, cancellationToken);
        await deliveries.WriteAsync(delivery with { NextAttemptAt = next }, cancellationToken);
    }

    private Task CloseAsync(WebhookDelivery delivery, DeliveryState state, string? reason, CancellationToken cancellationToken) =>
        deliveries.WriteAsync(delivery.Close(state, reason), cancellationToken);
}
