using Serverless.Core.Store;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>The store in a folder, which can be told to fail at the next write to a path.</summary>
internal sealed class FragileStore(IBlobStore store, Killer killer) : IBlobStore
{
    private string? _failing;

    /// <summary>Fails the next write whose path starts with <paramref name="path"/>.</summary>
    public void FailOnce(string path) => _failing = path;

    public Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Check(path);
        return killer.AroundAsync(() => store.TryCreateAsync(path, content, cancellationToken));
    }

    public Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Check(path);
        return killer.AroundAsync(async () =>
        {
            await store.WriteAsync(path, content, cancellationToken);
            return true;
        });
    }

    public Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken) => store.ReadAsync(path, cancellationToken);

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) => killer.AroundAsync(() => store.DeleteAsync(path, cancellationToken));

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);

    private void Check(string path)
    {
        if (_failing is { } failing && path.StartsWith(failing, StringComparison.Ordinal))
        {
            _failing = null;
            throw new StoreException("The store is away.", isTransient: true);
        }
    }
}
