using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.HotState;
using Serverless.Core.Store;
using Serverless.Local.Redis;
using StackExchange.Redis;

namespace Serverless.Core.Tests.HotState;

/// <summary>A real server and the product's client for it.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;
    private EmbeddedRedis? _server;
    private RedisConnection _connection = null!;

    internal IHotState HotState { get; private set; } = null!;

    internal IBlobStore Store { get; private set; } = null!;

    /// <summary>The clock of the readers' checks; it stands until a test moves it.</summary>
    internal FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>Does to the server what an administrator could.</summary>
    internal async Task CommandAsync(string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(_server!.ConnectionString + ",allowAdmin=true");
        await connection.GetDatabase().ExecuteAsync(command, arguments);
    }

    /// <summary>Ends the server for good; the client stays.</summary>
    internal async ValueTask StopServerAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            await server.DisposeAsync();
        }
    }

    public ValueTask InitializeAsync()
    {
        _server = EmbeddedRedis.Start(new() { Folder = _folder, MemoryMegabytes = 64, IsDurable = false });
        var options = Options.Create(new HotStateOptions { ConnectionString = _server.ConnectionString, Timeout = TimeSpan.FromSeconds(20) });
        _connection = new(options);
        Store = new FileBlobStore(Path.Combine(_folder, "store"), flushToDisk: false, TimeProvider.System);
        HotState = new RedisHotState(_connection, Store, options, Clock);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await StopServerAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
