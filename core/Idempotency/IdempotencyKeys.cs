using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Serverless.Core.Jobs;
using Serverless.Core.Store;

namespace Serverless.Core.Idempotency;

/// <summary>Idempotency keys in the store, which is the only place where they are.</summary>
/// <remarks>
/// Each key has a folder <c>idempotency/xx/{SHA-256 of tenant and key}/</c>:
/// <list type="bullet">
/// <item><c>key.json</c> records a use of the key; it is created if absent, so that one of many equal calls makes the job.</item>
/// <item><c>{job}.outcome.json</c> says what that use came to; it is created if absent, so that accepting and taking back exclude each other.</item>
/// <item><c>{job}.json</c> records the use that follows the one of that job, when that one is spent: older than the
/// lifetime, or not accepted. It too is created if absent. A copy replaces <c>key.json</c>, which only makes the way
/// shorter: from any record, the way leads to the newest, and none is ever deleted.</item>
/// </list>
/// </remarks>
public sealed class IdempotencyKeys(IBlobStore store, IJobStore jobs, TimeProvider clock, TimeSpan lifetime)
{
    /// <summary>Looks whether a tenant's key is in use.</summary>
    /// <param name="tenant">Keys are each tenant's own.</param>
    /// <param name="key">The key as it was sent.</param>
    /// <param name="digest">The digest of the request at hand.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IdempotencyLookup> FindAsync(string tenant, string key, string digest, CancellationToken cancellationToken) =>
        WalkAsync(RequestDigest.OfTenant(tenant, key), digest, cancellationToken);

    /// <summary>Looks again.</summary>
    public Task<IdempotencyLookup> FindAsync(IdempotencyLookup earlier, CancellationToken cancellationToken) =>
        WalkAsync(earlier.Key, earlier.Digest, cancellationToken);

    /// <summary>Takes the key when it is free.</summary>
    /// <returns>The new use of it, or the one that stands.</returns>
    public async Task<IdempotencyClaim> ClaimAsync(IdempotencyLookup lookup, CancellationToken cancellationToken)
    {
        var candidate = new IdempotencyRecord(lookup.Digest, JobId.New(clock.GetUtcNow()), clock.GetUtcNow());
        while (lookup.Claim is null)
        {
            if (await CreateAsync(lookup.Path, candidate, IdempotencyJson.Default.IdempotencyRecord, cancellationToken))
            {
                await ShortenAsync(lookup, candidate, cancellationToken);
                return new(candidate, IsNew: true);
            }

            lookup = await FindAsync(lookup, cancellationToken);
        }

        return lookup.Claim;
    }

    /// <summary>Decides what a use of the key came to, unless that is decided.</summary>
    /// <returns>The decision that stands.</returns>
    public async Task<IdempotencyOutcome> DecideAsync(string key, IdempotencyRecord record, IdempotencyOutcome outcome, CancellationToken cancellationToken)
    {
        var path = OutcomePath(key, record);
        return await CreateAsync(path, outcome, IdempotencyJson.Default.IdempotencyOutcome, cancellationToken)
            ? outcome
            : await ReadAsync(path, IdempotencyJson.Default.IdempotencyOutcome, cancellationToken)
                ?? throw new StoreException($"The outcome of {record.Job} was deleted while it was being decided.", isTransient: true);
    }

    private async Task<IdempotencyLookup> WalkAsync(string key, string digest, CancellationToken cancellationToken)
    {
        var path = FirstPath(key);
        while (true)
        {
            if (await ReadAsync(path, IdempotencyJson.Default.IdempotencyRecord, cancellationToken) is not { } record)
            {
                return new(key, digest, path, null);
            }

            var next = Folder(key) + $"{record.Job}.json";
            if (clock.GetUtcNow() - record.CreatedAt < lifetime)
            {
                var outcome = await ReadAsync(OutcomePath(key, record), IdempotencyJson.Default.IdempotencyOutcome, cancellationToken);
                var result = await jobs.FindResultAsync(outcome?.Job ?? record.Job, cancellationToken);
                if (result?.Error?.Code != JobError.NotAccepted)
                {
                    // A job that ran was accepted, although nobody lived, or could reach the store, to say so.
                    return new(key, digest, next, new(record, IsNew: false, result is null || outcome?.Job is not null ? outcome : new(record.Job, outcome?.Cache), result));
                }
            }

            path = next;
        }
    }

    private async Task ShortenAsync(IdempotencyLookup lookup, IdempotencyRecord record, CancellationToken cancellationToken)
    {
        if (lookup.Path != FirstPath(lookup.Key))
        {
            try
            {
                await store.WriteAsync(FirstPath(lookup.Key), JsonSerializer.SerializeToUtf8Bytes(record, IdempotencyJson.Default.IdempotencyRecord), cancellationToken);
            }
            catch (StoreException)
            {
                // The long way leads to the same record.
            }
        }
    }

    private Task<bool> CreateAsync<T>(string path, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        store.TryCreateAsync(path, JsonSerializer.SerializeToUtf8Bytes(value, type), cancellationToken);

    private async Task<T?> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        await store.ReadAsync(path, cancellationToken) is { } json ? JsonSerializer.Deserialize(json.Span, type) : null;

    private static string Folder(string key) => $"idempotency/{key[..2]}/{key}/";

    private static string FirstPath(string key) => Folder(key) + "key.json";

    private static string OutcomePath(string key, IdempotencyRecord record) => Folder(key) + $"{record.Job}.outcome.json";
}
