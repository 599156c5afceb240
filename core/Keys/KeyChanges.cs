using System.Text.Json;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using StackExchange.Redis;

namespace Serverless.Core.Keys;

/// <summary>Redis's part in the key ring: records shared between processes, and word of changes. All of it may fail.</summary>
internal sealed partial class KeyChanges(RedisConnection redis, TimeProvider clock, ILogger<KeyChanges> logger) : IAsyncDisposable
{
    private static readonly RedisChannel Channel = RedisChannel.Literal("keys:changed");
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RecordLifetime = TimeSpan.FromSeconds(30);

    // Outlives every record that was read from the store before the revocation.
    private static readonly TimeSpan RevokedLifetime = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private ConnectionMultiplexer? _listening;
    private RedisSubscription? _subscription;
    private Task _starting = Task.CompletedTask;
    private long? _triedAt;

    /// <summary>Whether a change made elsewhere reaches this process at once.</summary>
    public bool IsLive => _listening?.GetSubscriber().IsConnected(Channel) ?? false;

    /// <summary>Starts to listen, in the background and again later when it fails.</summary>
    /// <param name="changed">Called with the hash of a key that changed.</param>
    /// <param name="lost">Called after a time in which changes may have been missed.</param>
    public void Listen(Action<string> changed, Action lost)
    {
        if (_listening is not null)
        {
            return;
        }

        lock (_lock)
        {
            if (_starting.IsCompleted && _listening is null && (_triedAt is not { } at || clock.GetElapsedTime(at) > RetryInterval))
            {
                _triedAt = clock.GetTimestamp();
                _starting = StartAsync(changed, lost);
            }
        }
    }

    /// <returns>The record that another process shared, or null.</returns>
    public async Task<KeyRecord?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        try
        {
            var json = await redis.RunAsync(database => database.StringGetAsync(KeyOf(hash)), cancellationToken);
            return json.IsNull ? null : JsonSerializer.Deserialize(((ReadOnlyMemory<byte>)json).Span, JobJson.Default.KeyRecord);
        }
        catch (Exception error) when (error is HotStateUnavailableException or JsonException)
        {
            LogWithoutRedis(logger, error.Message);
            return null;
        }
    }

    /// <summary>Shares what the store said; a revocation that is there already stays.</summary>
    public async Task ShareAsync(KeyRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await redis.RunAsync(
                database => database.StringSetAsync(KeyOf(record.Hash), Json(record), RecordLifetime, When.NotExists), cancellationToken);
        }
        catch (HotStateUnavailableException error)
        {
            LogWithoutRedis(logger, error.Message);
        }
    }

    /// <summary>Replaces the shared record and tells every process.</summary>
    public async Task AnnounceAsync(KeyRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await redis.RunAsync(async database =>
            {
                var lifetime = record.RevokedAt is null ? RecordLifetime : RevokedLifetime;
                await database.StringSetAsync(KeyOf(record.Hash), Json(record), lifetime);
                return await database.PublishAsync(Channel, record.Hash);
            }, cancellationToken);
        }
        catch (HotStateUnavailableException error)
        {
            LogUnannounced(logger, record.Id, error.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _starting;
        if (_subscription is { } subscription)
        {
            await subscription.DisposeAsync();
        }
    }

    private async Task StartAsync(Action<string> changed, Action lost)
    {
        var subscription = new RedisSubscription(redis, Channel, message => changed(message.ToString()));
        try
        {
            await subscription.StartAsync(CancellationToken.None);
            var connection = await redis.GetAsync();
            connection.ConnectionRestored += (_, _) => lost();
            lost();
            _subscription = subscription;
            _listening = connection;
        }
        catch (HotStateUnavailableException error)
        {
            LogWithoutRedis(logger, error.Message);
        }
    }

    private static RedisKey KeyOf(string hash) => $"key:{{{hash}}}";

    private static byte[] Json(KeyRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, JobJson.Default.KeyRecord);

    [LoggerMessage(LogLevel.Debug, "Keys are looked up without Redis: {Reason}")]
    private static partial void LogWithoutRedis(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The change of {Key} is stored, but other processes could not be told; they see it within 30 seconds: {Reason}")]
    private static partial void LogUnannounced(ILogger logger, string key, string reason);
}
