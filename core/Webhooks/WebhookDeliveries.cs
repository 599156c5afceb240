using System.Globalization;
using System.Runtime.CompilerServices;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>The delivery log: one record for each event and endpoint.</summary>
/// <remarks>
/// A record lies at <c>webhook-deliveries/{tenant}/{endpoint}/{time}-{id}.json</c>. The time counts down, so that the
/// store's order is newest first; it comes from the id, so that the id alone gives the path.
/// </remarks>
public sealed class WebhookDeliveries(IBlobStore store)
{
    private const long LastMillisecond = 9_999_999_999_999;

    private readonly WebhookStore<WebhookDelivery> _records = new(store, WebhookJson.Default.WebhookDelivery);

    /// <returns>False when it is there already; nothing has changed then.</returns>
    public Task<bool> TryCreateAsync(WebhookDelivery delivery, CancellationToken cancellationToken) =>
        _records.TryCreateAsync(PathOf(delivery.Tenant, delivery.Endpoint, delivery.Id)!, delivery, cancellationToken);

    public Task WriteAsync(WebhookDelivery delivery, CancellationToken cancellationToken) =>
        _records.WriteAsync(PathOf(delivery.Tenant, delivery.Endpoint, delivery.Id)!, delivery, cancellationToken);

    public async Task<WebhookDelivery?> FindAsync(string tenant, string endpoint, string id, CancellationToken cancellationToken) =>
        PathOf(tenant, endpoint, id) is { } path ? await _records.ReadAsync(path, cancellationToken) : null;

    /// <summary>Lists an endpoint's deliveries, the newest first.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="endpoint">The endpoint's id.</param>
    /// <param name="after">The id of the delivery after which to begin; null is the newest.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async IAsyncEnumerable<WebhookDelivery> ListAsync(
        string tenant, string endpoint, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = after is null ? null : PathOf(tenant, endpoint, after);
        await foreach (var path in store.ListAsync(FolderOf(tenant, endpoint), cancellationToken))
        {
            if ((last is null || string.CompareOrdinal(path, last) > 0)
                && await _records.ReadAsync(path, cancellationToken) is { } delivery)
            {
                yield return delivery;
            }
        }
    }

    public async Task DeleteAllAsync(string tenant, string endpoint, CancellationToken cancellationToken)
    {
        await foreach (var path in store.ListAsync(FolderOf(tenant, endpoint), cancellationToken))
        {
            await store.DeleteAsync(path, cancellationToken);
        }
    }

    private static string? PathOf(string tenant, string endpoint, string id) => WebhookDelivery.TryReadTime(id, out var time)
        ? string.Create(CultureInfo.InvariantCulture, $"{FolderOf(tenant, endpoint)}{LastMillisecond - time.ToUnixTimeMilliseconds():D13}-{id}.json")
        : null;

    private static string FolderOf(string tenant, string endpoint) => $"webhook-deliveries/{tenant}/{endpoint}/";
}
