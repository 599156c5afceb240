using System.Runtime.CompilerServices;

namespace Serverless.Core.Store;

/// <summary>The store in a folder, shared by every process that is given the same folder.</summary>
/// <remarks>
/// A blob is written beside its place and then linked or renamed into it, so a reader sees the whole content or none.
/// A blob is created by <see cref="ExclusiveMove"/>: of two processes that create one, one wins.
/// </remarks>
internal sealed class FileBlobStore : IBlobStore
{
    // Starts with a dot, which no blob's segment does.
    private const string TemporaryFolder = ".tmp";
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string _root;
    private readonly string _temporary;
    private readonly bool _flush;

    public FileBlobStore(string root, bool flushToDisk, TimeProvider clock)
    {
        _root = Path.GetFullPath(root);
        _temporary = Path.Combine(_root, TemporaryFolder);
        _flush = flushToDisk;
        Guard(_root, () =>
        {
            Directory.CreateDirectory(_temporary);
            RemoveAbandoned(clock.GetUtcNow());
            return true;
        });
    }

    public async Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var target = FullPath(path);
        if (File.Exists(target))
        {
            return false;
        }

        var temporary = await WriteTemporaryAsync(content, cancellationToken);
        try
        {
            return Guard(path, () => Move(temporary, target, overwrite: false));
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public async Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var target = FullPath(path);
        var temporary = await WriteTemporaryAsync(content, cancellationToken);
        try
        {
            Guard(path, () => Move(temporary, target, overwrite: true));
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(FullPath(path), cancellationToken);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(path, error);
        }
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken)
    {
        var target = FullPath(path);
        return Task.FromResult(Guard(path, () =>
        {
            var existed = File.Exists(target);
            if (existed)
            {
                File.Delete(target);
            }

            return existed;
        }));
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobPath.CheckPrefix(prefix);
        await Task.CompletedTask;
        var folder = prefix[..(prefix.LastIndexOf('/') + 1)];
        foreach (var path in Walk(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (path.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return path;
            }
        }
    }

    // A folder sorts as its name with the slash, which gives the ordinal order of whole paths.
    private IEnumerable<string> Walk(string folder)
    {
        var directory = new DirectoryInfo(Path.Combine(_root, folder));
        var entries = Guard(folder, () => directory.Exists ? directory.GetFileSystemInfos() : [])
            .Select(entry => entry is DirectoryInfo ? entry.Name + "/" : entry.Name)
            .Where(name => BlobPath.IsValid(name.TrimEnd('/')))
            .Order(StringComparer.Ordinal);
        foreach (var name in entries)
        {
            if (!name.EndsWith('/'))
            {
                yield return folder + name;
                continue;
            }

            foreach (var path in Walk(folder + name))
            {
                yield return path;
            }
        }
    }

    private static bool Move(string temporary, string target, bool overwrite)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (!overwrite)
                {
                    return ExclusiveMove.Try(temporary, target);
                }

                File.Move(temporary, target, overwrite: true);
                return true;
            }
            catch (DirectoryNotFoundException) when (attempt == 0)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            }
        }
    }

    private async Task<string> WriteTemporaryAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_temporary, Guid.NewGuid().ToString("N"));
        try
        {
            await using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            await file.WriteAsync(content, cancellationToken);
            if (_flush)
            {
                file.Flush(flushToDisk: true);
            }

            return temporary;
        }
        catch (Exception error)
        {
            File.Delete(temporary);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw Unavailable(temporary, error);
            }

            throw;
        }
    }

    // A process that was killed leaves its temporary file; a younger one may still be written by another process.
    private void RemoveAbandoned(DateTimeOffset now)
    {
        foreach (var file in new DirectoryInfo(_temporary).GetFiles().Where(file => file.LastWriteTimeUtc < now.UtcDateTime - Abandoned))
        {
            file.Delete();
        }
    }

    private string FullPath(string path)
    {
        BlobPath.Check(path);
        return Path.Combine(_root, path);
    }

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unavailable(path, error);
        }
    }

    private static StoreException Unavailable(string path, Exception error) => new(
        $"The store's folder refused '{path}': {error.Message} Check the folder's rights and free space.",
        isTransient: error is IOException,
        error);
}
