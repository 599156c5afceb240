using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>Reads and writes one kind of record as JSON.</summary>
internal sealed class WebhookStore<T>(IBlobStore store, JsonTypeInfo<T> type)
    where T : class
{
    public async Task<T?> ReadAsync(string path, CancellationToken cancellationToken) =>
        await store.ReadAsync(path, cancellationToken) is { } json ? JsonSerializer.Deserialize(json.Span, type) : null;

    public Task<bool> TryCreateAsync(string path, T value, CancellationToken cancellationToken) =>
        store.TryCreateAsync(path, JsonSerializer.SerializeToUtf8Bytes(value, type), cancellationToken);

    public Task WriteAsync(string path, T value, CancellationToken cancellationToken) =>
        store.WriteAsync(path, JsonSerializer.SerializeToUtf8Bytes(value, type), cancellationToken);
}
