using Microsoft.Extensions.Options;
using Serverless.Core.HotState;
using Serverless.Local.Redis;

namespace Serverless.Core.Tests.HotState;

/// <summary>A real server and the product's client for it.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;
    private EmbeddedRedis _server = null!;
    private RedisConnection _connection = null!;

    internal IHotState HotState { get; private set; } = null!;

    public ValueTask InitializeAsync()
    {
        _server = EmbeddedRedis.Start(new() { Folder = _folder, MemoryMegabytes = 64, IsDurable = false });
        var options = Options.Create(new HotStateOptions { ConnectionString = _server.ConnectionString, Timeout = TimeSpan.FromSeconds(20) });
        _connection = new(options);
        HotState = new RedisHotState(_connection, options, TimeProvider.System);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
