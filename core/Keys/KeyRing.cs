using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Core.Store;

namespace Serverless.Core.Keys;

/// <summary>Records lie at <c>keys/{hash}.json</c>; <c>key-ids/{id}</c> holds the hash.</summary>
internal sealed class KeyRing : IKeyRing
{
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(30);

    // What a revocation may take to arrive when nobody can tell this process.
    private static readonly TimeSpan KnownWithoutWord = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(5);

    private static readonly SearchValues<char> IdDigits = SearchValues.Create("0123456789abcdef");

    private readonly IBlobStore _store;
    private readonly KeyChanges _changes;
    private readonly KeyMemory _memory;
    private readonly TimeProvider _clock;

    public KeyRing(IBlobStore store, KeyChanges changes, TimeProvider clock)
    {
        (_store, _changes, _clock) = (store, changes, clock);
        _memory = new(clock);
    }

    public ValueTask<KeyRecord?> FindAsync(string key, CancellationToken cancellationToken)
    {
        if (!ApiKey.IsWellFormed(key))
        {
            return default;
        }

        _changes.Listen(_memory.Forget, _memory.Clear);
        var hash = ApiKey.Hash(key);
        return _memory.TryFind(hash, _changes.IsLive ? KnownFor : KnownWithoutWord, UnknownFor, out var known)
            ? new(Valid(known))
            : new(LookUpAsync(hash, cancellationToken));
    }

    public async Task<(KeyRecord Record, string Key)> CreateAsync(string tenant, string? name, bool admin, CancellationToken cancellationToken)
    {
        var key = ApiKey.New();
        return (await EnsureAsync(key, tenant, name, admin, cancellationToken), key);
    }

    public async Task<KeyRecord> EnsureAsync(string key, string tenant, string? name, bool admin, CancellationToken cancellationToken)
    {
        if (!ApiKey.IsWellFormed(key))
        {
            throw new ArgumentException(
                $"A key has {ApiKey.Shortest} to {ApiKey.Longest} printable ASCII characters, without spaces, quotes, commas and backslashes.", nameof(key));
        }

        ArgumentException.ThrowIfNullOrWhiteSpace(tenant);
        var record = new KeyRecord
        {
            Id = "key_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)),
            Hash = ApiKey.Hash(key),
            Tenant = tenant,
            Name = name,
            Hint = key[^4..],
            Admin = admin,
            CreatedAt = _clock.GetUtcNow(),
        };
        var created = await _store.TryCreateAsync(PathOf(record.Hash), Json(record), cancellationToken);
        if (!created)
        {
            record = await ReadAsync(record.Hash, cancellationToken)
                ?? throw new StoreException("The key was deleted from the store while it was being made; try again.", isTransient: true);
        }

        // Also for a key that was there: its maker may have died before it got this far.
        await _store.TryCreateAsync(IndexOf(record.Id), Encoding.ASCII.GetBytes(record.Hash), cancellationToken);
        _memory.Forget(record.Hash);
        if (created)
        {
            await _changes.AnnounceAsync(record, cancellationToken);
        }

        return record;
    }

    public async IAsyncEnumerable<KeyRecord> ListAsync(string? tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var path in _store.ListAsync("keys/", cancellationToken))
        {
            if (await _store.ReadAsync(path, cancellationToken) is { } json &&
                Parse(json) is { } record && (tenant is null || record.Tenant == tenant))
            {
                yield return record;
            }
        }
    }

    public async Task<KeyRecord?> RevokeAsync(string id, CancellationToken cancellationToken)
    {
        if (!IsId(id) ||
            await _store.ReadAsync(IndexOf(id), cancellationToken) is not { } hash ||
            await ReadAsync(Encoding.ASCII.GetString(hash.Span), cancellationToken) is not { } record)
        {
            return null;
        }

        if (record.RevokedAt is null)
        {
            record = record with { RevokedAt = _clock.GetUtcNow() };
            await _store.WriteAsync(PathOf(record.Hash), Json(record), cancellationToken);
        }

        _memory.Forget(record.Hash);
        await _changes.AnnounceAsync(record, cancellationToken);
        return record;
    }

    private async Task<KeyRecord?> LookUpAsync(string hash, CancellationToken cancellationToken)
    {
        var changes = _memory.Changes;
        var record = await _changes.FindAsync(hash, cancellationToken);
        if (record is null)
        {
            record = await ReadAsync(hash, cancellationToken);
            if (record is not null)
            {
                await _changes.ShareAsync(record, cancellationToken);
            }
        }

        _memory.Remember(hash, record, changes);
        return Valid(record);
    }

    private async Task<KeyRecord?> ReadAsync(string hash, CancellationToken cancellationToken) =>
        await _store.ReadAsync(PathOf(hash), cancellationToken) is { } json ? Parse(json) : null;

    private static KeyRecord? Valid(KeyRecord? record) => record is { RevokedAt: null } ? record : null;

    private static bool IsId(string id) =>
        id.Length == 28 && id.StartsWith("key_", StringComparison.Ordinal) && !id.AsSpan(4).ContainsAnyExcept(IdDigits);

    private static string PathOf(string hash) => $"keys/{hash}.json";

    private static string IndexOf(string id) => $"key-ids/{id}";

    private static KeyRecord? Parse(ReadOnlyMemory<byte> json) => JsonSerializer.Deserialize(json.Span, JobJson.Default.KeyRecord);

    private static byte[] Json(KeyRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, JobJson.Default.KeyRecord);
}
