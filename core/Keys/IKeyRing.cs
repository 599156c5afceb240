namespace Serverless.Core.Keys;

/// <summary>Knows every API key. Records are looked up in memory (30 s), then in Redis, then in the store.</summary>
public interface IKeyRing
{
    /// <returns>The record of a valid key, or null when it is unknown or revoked.</returns>
    ValueTask<KeyRecord?> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>Makes a key. The key itself is returned here and never again.</summary>
    Task<(KeyRecord Record, string Key)> CreateAsync(string tenant, string? name, bool admin, CancellationToken cancellationToken);

    /// <summary>Makes sure that a given key is valid; a revoked one stays revoked.</summary>
    Task<KeyRecord> EnsureAsync(string key, string tenant, string? name, bool admin, CancellationToken cancellationToken);

    IAsyncEnumerable<KeyRecord> ListAsync(string? tenant, CancellationToken cancellationToken);

    /// <returns>The revoked record, or null when there is no such key.</returns>
    Task<KeyRecord?> RevokeAsync(string id, CancellationToken cancellationToken);
}
