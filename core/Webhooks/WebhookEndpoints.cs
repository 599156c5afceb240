using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>The receivers of every tenant, their secrets and their health.</summary>
/// <remarks>
/// Under <c>webhooks/{tenant}/</c>: <c>present</c> says that there is or was an endpoint; <c>endpoints/{id}.json</c> holds
/// settings, <c>secrets/{id}.json</c> secrets, <c>health/{key}.json</c> what deliveries found out. Each has one kind of
/// writer, so none undoes another's change.
/// </remarks>
public sealed class WebhookEndpoints(IBlobStore store, TimeProvider clock)
{
    private static readonly SearchValues<char> IdDigits = SearchValues.Create("0123456789abcdef");

    private readonly WebhookStore<WebhookEndpoint> _endpoints = new(store, WebhookJson.Default.WebhookEndpoint);
    private readonly WebhookStore<WebhookSecrets> _secrets = new(store, WebhookJson.Default.WebhookSecrets);
    private readonly WebhookStore<EndpointHealth> _health = new(store, WebhookJson.Default.EndpointHealth);

    public static string NewId() => "whe_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    public static bool IsId(string id) => id == WebhookEndpoint.Requests
        || (id.Length == 28 && id.StartsWith("whe_", StringComparison.Ordinal) && !id.AsSpan(4).ContainsAnyExcept(IdDigits));

    /// <summary>What the health of a delivery's receiver is kept under: its endpoint, or the host of a request's own address.</summary>
    public static string HealthKey(string endpoint, Uri? url) => url is null
        ? endpoint
        : "host-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.Authority)))[..32];

    public static string PresenceOf(string tenant) => $"webhooks/{tenant}/present";

    /// <summary>Stores a new endpoint with its first secret.</summary>
    public async Task<WebhookSecrets> CreateAsync(WebhookEndpoint endpoint, CancellationToken cancellationToken)
    {
        // Presence comes first: a job that ends from now on asks for endpoints.
        await store.TryCreateAsync(PresenceOf(endpoint.Tenant), Encoding.ASCII.GetBytes("1"), cancellationToken);
        var secrets = new WebhookSecrets([WebhookSecret.New(clock.GetUtcNow())]);
        if (!await _secrets.TryCreateAsync(SecretsPath(endpoint.Tenant, endpoint.Id), secrets, cancellationToken))
        {
            secrets = await SecretsAsync(endpoint.Tenant, endpoint.Id, cancellationToken);
        }

        await _endpoints.TryCreateAsync(EndpointPath(endpoint.Tenant, endpoint.Id), endpoint, cancellationToken);
        return secrets;
    }

    /// <summary>Finds an endpoint; <see cref="WebhookEndpoint.Requests"/> is made when it is first asked for.</summary>
    public async Task<WebhookEndpoint?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!IsId(id))
        {
            return null;
        }

        var endpoint = await _endpoints.ReadAsync(EndpointPath(tenant, id), cancellationToken);
        if (endpoint is not null || id != WebhookEndpoint.Requests)
        {
            return endpoint;
        }

        await CreateAsync(new WebhookEndpoint { Id = id, Tenant = tenant, CreatedAt = clock.GetUtcNow() }, cancellationToken);
        return await _endpoints.ReadAsync(EndpointPath(tenant, id), cancellationToken);
    }

    public async IAsyncEnumerable<WebhookEndpoint> ListAsync(string tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var path in store.ListAsync($"webhooks/{tenant}/endpoints/", cancellationToken))
        {
            if (await _endpoints.ReadAsync(path, cancellationToken) is { } endpoint)
            {
                yield return endpoint;
            }
        }
    }

    public Task UpdateAsync(WebhookEndpoint endpoint, CancellationToken cancellationToken) =>
        _endpoints.WriteAsync(EndpointPath(endpoint.Tenant, endpoint.Id), endpoint, cancellationToken);

    /// <returns>The secrets; empty when the endpoint was deleted meanwhile.</returns>
    public async Task<WebhookSecrets> SecretsAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await _secrets.ReadAsync(SecretsPath(tenant, id), cancellationToken) ?? new([]);

    /// <summary>Gives the endpoint a new secret; those it had sign beside it until the overlap is over.</summary>
    public async Task<WebhookSecrets> RotateAsync(WebhookEndpoint endpoint, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var secrets = await SecretsAsync(endpoint.Tenant, endpoint.Id, cancellationToken);
        var rotated = secrets.Rotate(clock.GetUtcNow(), overlap);
        await _secrets.WriteAsync(SecretsPath(endpoint.Tenant, endpoint.Id), rotated, cancellationToken);
        return rotated;
    }

    public async Task DeleteAsync(WebhookEndpoint endpoint, CancellationToken cancellationToken)
    {
        await store.DeleteAsync(EndpointPath(endpoint.Tenant, endpoint.Id), cancellationToken);
        await store.DeleteAsync(SecretsPath(endpoint.Tenant, endpoint.Id), cancellationToken);
        await store.DeleteAsync(HealthPath(endpoint.Tenant, endpoint.Id), cancellationToken);
    }

    public async Task<EndpointHealth> HealthAsync(string tenant, string key, CancellationToken cancellationToken) =>
        await _health.ReadAsync(HealthPath(tenant, key), cancellationToken) ?? new();

    public Task WriteHealthAsync(string tenant, string key, EndpointHealth health, CancellationToken cancellationToken) =>
        _health.WriteAsync(HealthPath(tenant, key), health, cancellationToken);

    /// <summary>Forgets what deliveries found out: the endpoint counts as healthy.</summary>
    public Task ForgetHealthAsync(string tenant, string key, CancellationToken cancellationToken) =>
        store.DeleteAsync(HealthPath(tenant, key), cancellationToken);

    private static string EndpointPath(string tenant, string id) => $"webhooks/{tenant}/endpoints/{id}.json";

    private static string SecretsPath(string tenant, string id) => $"webhooks/{tenant}/secrets/{id}.json";

    private static string HealthPath(string tenant, string key) => $"webhooks/{tenant}/health/{key}.json";
}
