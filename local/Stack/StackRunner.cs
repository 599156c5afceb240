using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Serverless.Core.Keys;
using Serverless.Core.Store;
using Serverless.Inference.Execution;
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
    /// <returns>The exit code: 0 after a stop that was asked for, 1 when something that is the user's to mend kept it from starting.</returns>
    public static async Task<int> RunAsync(StackOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await RunPartsAsync(options, cancellationToken);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TimeoutException or ImportException or ModelException
            or OptionsValidationException or ValidationException or StoreException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }

    private static async Task RunPartsAsync(StackOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Data);
        var meeting = new Rendezvous(options.Data);
        using var logging = LoggerFactory.Create(log => log.AddConsole().SetMinimumLevel(options.LogLevel));
        IHostApplicationBuilder builder = options.Roles.Contains(Role.Functions) ? WebApplication.CreateSlimBuilder() : Host.CreateApplicationBuilder();
        await using var redis = options.Roles.Contains(Role.Redis) ? StartRedis(builder.Configuration, options, meeting, logging) : null;
        await using var broker = options.Roles.Contains(Role.Queue) ? await StartBrokerAsync(builder.Configuration, options, meeting) : null;
        using var app = await BuildAsync(builder, options, meeting, cancellationToken);
        app.CheckSettings();
        var key = options.Roles.Contains(Role.Functions) ? await EnsureKeyAsync(app, options, cancellationToken) : null;
        await app.StartAsync(cancellationToken);
        if (key is not null)
        {
            Banner.Write(((WebApplication)app).Urls.First(), key, broker?.ConnectionString, options.Data);
        }

        await app.WaitForShutdownAsync(cancellationToken);
    }

    private static EmbeddedRedis StartRedis(IConfiguration settings, StackOptions options, Rendezvous meeting, ILoggerFactory logging)
    {
        var wanted = EmbeddedSettings.Read(settings, EmbeddedRedisOptions.Section, new EmbeddedRedisOptions { Folder = Path.Combine(options.Data, "redis") });
        wanted.Port = meeting.Port("redis", options.RedisPort != 0 ? options.RedisPort : wanted.Port);
        var redis = EmbeddedRedis.Start(wanted, logging.CreateLogger<EmbeddedRedis>());
        meeting.Announce("redis", redis.ConnectionString, redis.Port);
        return redis;
    }

    private static async Task<EmbeddedBroker> StartBrokerAsync(IConfiguration settings, StackOptions options, Rendezvous meeting)
    {
        var wanted = EmbeddedSettings.Read(settings, BrokerOptions.Section, new BrokerOptions
        {
            DataFolder = Path.Combine(options.Data, "queue"),
            // The worker tells a hopeless job from one whose workers were killed while it got on; the broker's count cannot.
            MaxDeliveryCount = 2_000,
        });
        wanted.Port = meeting.Port("queue", options.QueuePort != 0 ? options.QueuePort : wanted.Port);
        var broker = await EmbeddedBroker.StartAsync(wanted);
        meeting.Announce("queue", broker.ConnectionString, broker.Port);
        return broker;
    }

    private static async Task<IHost> BuildAsync(IHostApplicationBuilder builder, StackOptions options, Rendezvous meeting, CancellationToken cancellationToken)
    {
        // What keeps the stack from starting is told once, in one line; these tell it before, with a stack trace each.
        builder.Logging.SetMinimumLevel(options.LogLevel)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= options.LogLevel && level != LogLevel.Error)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => level >= options.LogLevel && level != LogLevel.Critical);
        await FillInAsync(builder.Configuration, options, meeting, cancellationToken);
        if (options.Roles.Contains(Role.Functions) || options.Roles.Contains(Role.Worker))
        {
            builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
        }

        if (options.Roles.Contains(Role.Worker))
        {
            builder.Services.AddSingleton<IProgress<ImportProgress>, ImportProgressBar>();
            builder.Services.AddGpuWorker();
        }

        return builder is WebApplicationBuilder web ? web.AddFunctionsApi().Build().MapFunctionsApi() : ((HostApplicationBuilder)builder).Build();
    }

    // Only what nothing else has set: with settings for Azure, the same command line uses Azure's parts.
    private static async Task FillInAsync(IConfigurationManager settings, StackOptions options, Rendezvous meeting, CancellationToken cancellationToken)
    {
        settings["Urls"] = options.Urls;
        settings["Worker:ModelCache"] ??= Path.Combine(options.Data, "models");
        if (settings["Store:ConnectionString"] is null && settings["Store:ServiceUri"] is null)
        {
            settings["Store:Path"] ??= Path.Combine(options.Data, "store");
        }

        if (options.Roles.Contains(Role.Functions) || options.Roles.Contains(Role.Worker))
        {
            settings["HotState:ConnectionString"] ??= await meeting.FindAsync("redis", cancellationToken);
            if (settings["Queue:Namespace"] is null)
            {
                settings["Queue:ConnectionString"] ??= await meeting.FindAsync("queue", cancellationToken);
            }
        }
    }

    private static async Task<string> EnsureKeyAsync(IHost app, StackOptions options, CancellationToken cancellationToken)
    {
        var key = options.ApiKey ?? Rendezvous.Secret(Path.Combine(options.Data, "api-key"), ApiKey.New);
        await app.Services.GetRequiredService<IKeyRing>().EnsureAsync(key, "default", "local administrator", admin: true, cancellationToken);
        return key;
    }
}
