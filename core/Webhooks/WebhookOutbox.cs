using System.Collections.Concurrent;
using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>Puts webhook messages on their queue.</summary>
public sealed class WebhookOutbox(IBlobStore store, IQueueClient queue)
{
    private const int MostTenantsRemembered = 10_000;

    // Only that a tenant has endpoints is remembered: one that makes its first hears of the very next job.
    private readonly ConcurrentDictionary<string, bool> _present = new(StringComparer.Ordinal);

    /// <summary>Tells that a job has ended, when anybody may want to know; repeating it is harmless.</summary>
    public async Task TellAsync(Job job, JobResult result, CancellationToken cancellationToken)
    {
        // What was refused at the door was never a job to its caller.
        if (result.Error?.Code != JobError.NotAccepted && (job.WebhookUrl is not null || await HasEndpointsAsync(job.Tenant, cancellationToken)))
        {
            await SendAsync(new WebhookMessage { Tenant = job.Tenant, Ended = job.Id }, null, cancellationToken);
        }
    }

    public Task SendAsync(WebhookMessage message, DateTimeOffset? at, CancellationToken cancellationToken) =>
        queue.SendAsync(WebhookMessage.Queue, new QueueMessage
        {
            Id = message.MessageId,
            Body = JsonSerializer.SerializeToUtf8Bytes(message, WebhookJson.Default.WebhookMessage),
            ContentType = "application/json",
            ScheduledAt = at,
        }, cancellationToken);

    private async Task<bool> HasEndpointsAsync(string tenant, CancellationToken cancellationToken)
    {
        if (_present.ContainsKey(tenant))
        {
            return true;
        }

        if (await store.ReadAsync(WebhookEndpoints.PresenceOf(tenant), cancellationToken) is null)
        {
            return false;
        }

        if (_present.Count >= MostTenantsRemembered)
        {
            _present.Clear();
        }

        _present[tenant] = true;
        return true;
    }
}
