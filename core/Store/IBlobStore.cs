namespace Serverless.Core.Store;

/// <summary>Where truth lives: Azure Blob Storage, or a folder with the same rules.</summary>
/// <remarks>Paths are relative, with forward slashes. Every write is atomic: a reader sees the whole content or none.</remarks>
public interface IBlobStore
{
    /// <summary>Writes a blob unless it is there already (If-None-Match: *).</summary>
    /// <returns>False when it was there; nothing has changed then.</returns>
    Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes a blob, replacing what is there.</summary>
    Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <returns>The content, or null when there is no such blob.</returns>
    Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken);

    /// <returns>Whether there was such a blob.</returns>
    Task<bool> DeleteAsync(string path, CancellationToken cancellationToken);

    /// <summary>Lists the paths that start with <paramref name="prefix"/>, in ordinal order.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);
}
