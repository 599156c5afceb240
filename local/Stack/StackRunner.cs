using Serverless.Core.Keys;
using Serverless.Inference.Onnx;
using Serverless.Local.Broker;
using Serverless.Local.CommandLine;
using Serverless.Local.Redis;

namespace Serverless.Local.Stack;

/// <summary>Runs the parts that the command line names in one process, wired as in Azure.</summary>
/// <remarks>
/// 1. Redis and the queue start, or are found where another process announced them.
/// 2. The API and the worker are built on their connection strings, by the same clients that speak to Azure.
/// 3. The worker imports and loads the model; then the API opens its port, so an open port means ready.
/// </remarks>
internal static class StackRunner
{
    public static async Task<int> RunAsync(StackOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Data);
        var meeting = new Rendezvous(options.Data);
        await using var redis = options.Roles.Contains(Role.Redis) ? StartRedis(options, meeting) : null;
        await using var broker = options.Roles.Contains(Role.Queue) ? await StartBrokerAsync(options, meeting) : null;
        await using var app = await BuildAsync(options, meeting, cancellationToken);
        await app.StartAsync(cancellationToken);
        if (options.Roles.Contains(Role.Functions))
        {
            var key = AdministratorKey(options);
            await app.Services.GetRequiredService<IKeyRing>().EnsureAsync(key, "default", "local administrator", admin: true, cancellationToken);
            Banner.Write(app.Urls.First(), key, broker?.ConnectionString, options.Data);
        }

        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    private static EmbeddedRedis StartRedis(StackOptions options, Rendezvous meeting)
    {
        var redis = EmbeddedRedis.Start(new EmbeddedRedisOptions
        {
            Folder = Path.Combine(options.Data, "redis"),
            Port = meeting.Port("redis", options.RedisPort),
        });
        meeting.Announce("redis", redis.ConnectionString);
        return redis;
    }

    private static async Task<EmbeddedBroker> StartBrokerAsync(StackOptions options, Rendezvous meeting)
    {
        var broker = await EmbeddedBroker.StartAsync(new BrokerOptions
        {
            DataFolder = Path.Combine(options.Data, "queue"),
            Port = meeting.Port("queue", options.QueuePort),
        });
        meeting.Announce("queue", broker.ConnectionString);
        return broker;
    }

    private static async Task<WebApplication> BuildAsync(StackOptions options, Rendezvous meeting, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Store:Path"] = Path.Combine(options.Data, "store"),
            ["Worker:ModelCache"] = Path.Combine(options.Data, "models"),
            ["Urls"] = options.Roles.Contains(Role.Functions) ? options.Urls : null,
        });
        // The environment wins over what the command line's roles would wire.
        builder.Configuration.AddEnvironmentVariables();
        if (options.Roles.Contains(Role.Functions) || options.Roles.Contains(Role.Worker))
        {
            builder.Configuration["HotState:ConnectionString"] ??= await meeting.FindAsync("redis", cancellationToken);
            builder.Configuration["Queue:ConnectionString"] ??= await meeting.FindAsync("queue", cancellationToken);
            builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
        }

        if (options.Roles.Contains(Role.Worker))
        {
            builder.Services.AddSingleton<IProgress<ImportProgress>, ImportProgressBar>();
            builder.Services.AddGpuWorker();
        }

        if (options.Roles.Contains(Role.Functions))
        {
            builder.AddFunctionsApi();
        }

        var app = builder.Build();
        if (options.Roles.Contains(Role.Functions))
        {
            app.MapFunctionsApi();
        }

        return app;
    }

    private static string AdministratorKey(StackOptions options) =>
        options.ApiKey ?? Rendezvous.Secret(Path.Combine(options.Data, "api-key"), ApiKey.New);
}
