using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;

namespace Serverless.Core.Webhooks;

/// <summary>Makes the deliveries of an event and puts their first attempts on the queue.</summary>
public sealed class WebhookFanOut(
    WebhookEndpoints endpoints, WebhookDeliveries deliveries, WebhookOutbox outbox, IJobStore jobs, IOptions<WebhookOptions> options, TimeProvider clock)
{
    /// <summary>Hands a job's end to every endpoint that wants it; a repetition after a crash makes nothing twice.</summary>
    public async Task TellAsync(string tenant, JobId id, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, cancellationToken) is not { } job || job.Tenant != tenant
            || await jobs.FindResultAsync(id, cancellationToken) is not { } result)
        {
            return;
        }

        var name = WebhookEvents.Of(result.State);
        await foreach (var endpoint in endpoints.ListAsync(tenant, cancellationToken))
        {
            if (endpoint is { Url: not null, DisabledAt: null } && endpoint.Events.Contains(name)
                && await endpoints.HealthAsync(tenant, endpoint.Id, cancellationToken) is { GoneAt: null })
            {
                await StartAsync(New(endpoint, name, id, null) with { Job = id }, cancellationToken);
            }
        }

        if (job.WebhookUrl is { } url && await endpoints.FindAsync(tenant, WebhookEndpoint.Requests, cancellationToken) is { DisabledAt: null } requests)
        {
            await StartAsync(New(requests, name, id, url) with { Job = id }, cancellationToken);
        }
    }

    /// <summary>Sends an event that belongs to no job, to try an endpoint.</summary>
    public async Task<WebhookDelivery> TestAsync(WebhookEndpoint endpoint, CancellationToken cancellationToken)
    {
        var delivery = New(endpoint, WebhookEvents.Test, JobId.New(clock.GetUtcNow()), null);
        await StartAsync(delivery, cancellationToken);
        return delivery;
    }

    /// <summary>Starts a delivery anew, under the same id, with the whole time for retries.</summary>
    public async Task<WebhookDelivery> ReplayAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var again = delivery.Again(delivery.Round + 1, now + options.Value.RetryWindow) with { NextAttemptAt = now };
        await deliveries.WriteAsync(again, cancellationToken);
        await outbox.SendAsync(Due(again), null, cancellationToken);
        return again;
    }

    /// <summary>The message of a delivery's next attempt.</summary>
    internal static WebhookMessage Due(WebhookDelivery delivery) => new()
    {
        Tenant = delivery.Tenant,
        Endpoint = delivery.Endpoint,
        Delivery = delivery.Id,
        Attempt = delivery.NextAttempt,
        Round = delivery.Round,
    };

    private async Task StartAsync(WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var created = await deliveries.TryCreateAsync(delivery, cancellationToken);

        // Whoever created it may have died before the message was sent.
        if (created || await deliveries.FindAsync(delivery.Tenant, delivery.Endpoint, delivery.Id, cancellationToken)
            is { State: DeliveryState.Pending, NextAttempt: 1, Round: 0 })
        {
            await outbox.SendAsync(Due(delivery), null, cancellationToken);
        }
    }

    private WebhookDelivery New(WebhookEndpoint endpoint, string name, JobId id, Uri? url)
    {
        var now = clock.GetUtcNow();
        return new()
        {
            Id = WebhookDelivery.IdOf(id, name, endpoint.Id, url),
            Tenant = endpoint.Tenant,
            Endpoint = endpoint.Id,
            Event = name,
            Url = url,
            Payload = endpoint.Payload,
            CreatedAt = now,
            NextAttemptAt = now,
            GiveUpAt = now + options.Value.RetryWindow,
        };
    }
}
