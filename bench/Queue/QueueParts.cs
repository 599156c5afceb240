using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Bench.Stack;
using Serverless.Local.Broker;
using Serverless.Local.Redis;

namespace Serverless.Bench.Queue;

/// <summary>Broker, Redis and the clients of both in this process, and a worker when asked: where a watch can be put on each.</summary>
internal sealed class QueueParts : IAsyncDisposable
{
    private readonly EmbeddedRedis _redis;
    private readonly EmbeddedBroker _broker;
    private readonly IHost _host;

    private QueueParts(EmbeddedRedis redis, EmbeddedBroker broker, IHost host) => (_redis, _broker, _host) = (redis, broker, host);

    public IServiceProvider Services => _host.Services;

    public static async Task<QueueParts> StartAsync(DataFolder data, TimeProvider clock, bool withWorker = false)
    {
        var redis = EmbeddedRedis.Start(new EmbeddedRedisOptions { Folder = Path.Combine(data.Path, "redis") });
        var broker = await EmbeddedBroker.StartAsync(new BrokerOptions { DataFolder = Path.Combine(data.Path, "queue") });
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Store:Path"] = Path.Combine(data.Path, "store"),
            ["HotState:ConnectionString"] = redis.ConnectionString,
            ["Queue:ConnectionString"] = broker.ConnectionString,
            ["Worker:ModelCache"] = DataFolder.Models,
            ["Worker:DrainSeconds"] = "0",
        });
        builder.Services.AddSingleton(clock);
        builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
        if (withWorker)
        {
            builder.Services.AddGpuWorker();
        }

        var host = builder.Build();
        await host.StartAsync();
        return new(redis, broker, host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _broker.DisposeAsync();
        await _redis.DisposeAsync();
    }
}
