using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>The process's one connection to Redis, made at the first call and remade whenever it is lost.</summary>
internal sealed class RedisConnection(IOptions<HotStateOptions> options) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private Task<ConnectionMultiplexer>? _connecting;

    /// <returns>The connection; it may be down, and calls on it then fail at once.</returns>
    public ValueTask<ConnectionMultiplexer> GetAsync()
    {
        var connecting = Volatile.Read(ref _connecting);
        if (connecting is { IsCompletedSuccessfully: true })
        {
            return new(connecting.Result);
        }

        lock (_lock)
        {
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = ConnectionMultiplexer.ConnectAsync(Configure(options.Value));
            }

            return new(_connecting);
        }
    }

    /// <summary>Runs commands and turns every failure of Redis into <see cref="HotStateUnavailableException"/>.</summary>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call((await GetAsync()).GetDatabase());
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            throw Unavailable(error);
        }
    }

    public static bool IsUnavailable(Exception error) =>
        error is RedisException or RedisTimeoutException or RedisCommandException or ObjectDisposedException;

    public static HotStateUnavailableException Unavailable(Exception error) =>
        new($"Redis did not serve the call: {FirstSentence(error.Message)}", error);

    public async ValueTask DisposeAsync()
    {
        Task<ConnectionMultiplexer>? connecting;
        lock (_lock)
        {
            connecting = _connecting;
            _connecting = Task.FromException<ConnectionMultiplexer>(new ObjectDisposedException(nameof(RedisConnection)));
        }

        if (connecting is { IsCompletedSuccessfully: true })
        {
            await connecting.Result.DisposeAsync();
        }
    }

    private static ConfigurationOptions Configure(HotStateOptions options)
    {
        var configuration = ConfigurationOptions.Parse(options.ConnectionString, ignoreUnknown: false);
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds;
        configuration.AsyncTimeout = (int)options.Timeout.TotalMilliseconds;
        configuration.SyncTimeout = (int)options.Timeout.TotalMilliseconds;
        configuration.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        configuration.ReconnectRetryPolicy = new LinearRetry(500);
        configuration.ClientName = "serverless";
        return configuration;
    }

    // The rest of such a message is a page of counters.
    private static string FirstSentence(string message) => message.Split(["; ", ". ", ", command=", "\n"], StringSplitOptions.None)[0] + ".";
}
