using System.Runtime.CompilerServices;
using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Serverless.Core.Store;

/// <summary>The store in a container of Azure Blob Storage.</summary>
internal sealed class AzureBlobStore(BlobContainerClient container) : IBlobStore
{
    // Names the call that created a blob: a conflict with one's own retried call is no conflict.
    private const string Writer = "writer";

    private volatile bool _created;

    public static AzureBlobStore Open(StoreOptions options)
    {
        // The newest service version of this library is ahead of the emulator's.
        var client = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2026_06_06);
        client.Retry.Mode = RetryMode.Exponential;
        client.Retry.MaxRetries = 4;
        client.Retry.Delay = TimeSpan.FromMilliseconds(200);
        client.Retry.MaxDelay = TimeSpan.FromSeconds(3);
        client.Retry.NetworkTimeout = TimeSpan.FromSeconds(20);
        var service = options.ServiceUri is { } uri
            ? new BlobServiceClient(uri, new DefaultAzureCredential(), client)
            : new BlobServiceClient(options.ConnectionString, client);
        return new(service.GetBlobContainerClient(options.Container));
    }

    public Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        CallAsync(path, async blob =>
        {
            var writer = Guid.NewGuid().ToString("N");
            var upload = new BlobUploadOptions
            {
                Conditions = new() { IfNoneMatch = ETag.All },
                Metadata = new Dictionary<string, string> { [Writer] = writer },
            };
            try
            {
                await blob.UploadAsync(BinaryData.FromBytes(content), upload, cancellationToken);
                return true;
            }
            catch (RequestFailedException error) when (error.Status is 409 or 412 && error.ErrorCode != BlobErrorCode.ContainerBeingDeleted)
            {
                var stored = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                return stored.Value.Metadata.TryGetValue(Writer, out var winner) && winner == writer;
            }
        }, cancellationToken);

    public Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        CallAsync(path, blob => blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, cancellationToken), cancellationToken);

    public Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken) =>
        CallAsync<ReadOnlyMemory<byte>?>(path, async blob =>
        {
            try
            {
                return (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
            }
            catch (RequestFailedException error) when (error.Status == 404)
            {
                return null;
            }
        }, cancellationToken);

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(path, async blob => (await blob.DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value, cancellationToken);

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        BlobPath.CheckPrefix(prefix);
        await EnsureContainerAsync(cancellationToken);
        await using var blobs = container
            .GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await TranslateAsync(prefix, () => blobs.MoveNextAsync().AsTask()))
        {
            yield return blobs.Current.Name;
        }
    }

    private async Task<T> CallAsync<T>(string path, Func<BlobClient, Task<T>> call, CancellationToken cancellationToken)
    {
        BlobPath.Check(path);
        await EnsureContainerAsync(cancellationToken);
        return await TranslateAsync(path, () => call(container.GetBlobClient(path)));
    }

    // Calls that arrive together may all ask for it, which changes nothing.
    private async Task EnsureContainerAsync(CancellationToken cancellationToken)
    {
        if (!_created)
        {
            await TranslateAsync(container.Name, () => container.CreateIfNotExistsAsync(cancellationToken: cancellationToken));
            _created = true;
        }
    }

    private static async Task<T> TranslateAsync<T>(string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RequestFailedException error)
        {
            throw Unavailable(what, error, isTransient: error.Status is 0 or 408 or 409 or 429 or >= 500);
        }
        catch (AuthenticationFailedException error)
        {
            throw Unavailable(what, error, isTransient: false);
        }
        catch (AggregateException error)
        {
            // What the client throws when its retries are used up.
            throw Unavailable(what, error.InnerException ?? error, isTransient: true);
        }
    }

    private static StoreException Unavailable(string what, Exception error, bool isTransient) => new(
        $"Blob storage refused '{what}': {error.Message.Split('\n')[0].Trim()} Check {StoreOptions.Section}:* and the identity's role on the account.",
        isTransient,
        error);
}
