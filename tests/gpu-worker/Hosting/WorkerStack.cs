using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Queue;
using Serverless.Core.Requests;
using Serverless.Core.Store;
using Serverless.Local.Broker;
using Serverless.Local.Redis;
using StackExchange.Redis;

namespace Serverless.GpuWorker.Tests.Hosting;

/// <summary>A real broker, Redis and store in a folder of their own, and workers for them that serve the tiny model.</summary>
internal sealed class WorkerStack : IAsyncDisposable
{
    private const string Deployment = "tiny";
    private readonly string _folder;
    private readonly Dictionary<string, string?> _settings;
    private readonly IHost _client;
    private readonly EmbeddedBroker _broker;
    private readonly EmbeddedRedis _redis;

    private WorkerStack(EmbeddedBroker broker, EmbeddedRedis redis, string folder)
    {
        (_broker, _redis, _folder) = (broker, redis, folder);
        _settings = new()
        {
            ["Store:Path"] = Path.Combine(folder, "store"),
            ["HotState:ConnectionString"] = redis.ConnectionString,
            ["Queue:ConnectionString"] = broker.ConnectionString,
            ["Worker:Deployment"] = Deployment,
            ["Worker:ModelFile"] = ModelFile(folder),
            ["Worker:ModelCache"] = Path.Combine(folder, "models"),
            ["Worker:DrainSeconds"] = "0",
            ["Webhooks:AllowPrivateNetworks"] = "true",
        };
        _client = Build(_settings, worker: false);
    }

    public IJobStore Store => _client.Services.GetRequiredService<IJobStore>();

    public IBlobStore Blobs => _client.Services.GetRequiredService<IBlobStore>();

    public IHotState HotState => _client.Services.GetRequiredService<IHotState>();

    public IQueueClient Queue => _client.Services.GetRequiredService<IQueueClient>();

    public static async Task<WorkerStack> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("worker-").FullName;
        var broker = await EmbeddedBroker.StartAsync(new BrokerOptions { DataFolder = Path.Combine(folder, "queue") });
        var redis = EmbeddedRedis.Start(new EmbeddedRedisOptions { Folder = Path.Combine(folder, "redis"), MemoryMegabytes = 16, IsDurable = false });
        return new(broker, redis, folder);
    }

    public static Job NewJob(int maxTokens, string tier = "default", DateTimeOffset? deadline = null, ulong seed = 7) => new()
    {
        Id = JobId.New(DateTimeOffset.UtcNow),
        Tenant = "t",
        Deployment = Deployment,
        Tier = tier,
        Seed = seed,
        Deadline = deadline,
        Request = new GenerationRequest
        {
            Prompts = [new TextPrompt(null, [.. Enumerable.Range(40, 24)])],
            MaxTokens = maxTokens,
            IgnoreEos = true,
        },
    };

    public async Task<IHost> StartWorkerAsync(int maxSequences = 4, int maxAttempts = 5, int drainSeconds = 0)
    {
        var host = Build(new(_settings)
        {
            ["Engine:MaxSequences"] = $"{maxSequences}",
            ["Worker:MaxAttempts"] = $"{maxAttempts}",
            ["Worker:DrainSeconds"] = $"{drainSeconds}",
        }, worker: true);
        await host.StartAsync();
        return host;
    }

    /// <summary>Starts the HTTP API and gives a client that asks with a key of the jobs' tenant.</summary>
    public async Task<(WebApplication Api, HttpClient Http)> StartApiAsync()
    {
        const string Key = "sk-test-0123456789-0123456789";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
        var api = builder.AddFunctionsApi().Build().MapFunctionsApi();
        api.Urls.Add("http://127.0.0.1:0");
        await api.Services.GetRequiredService<IKeyRing>().EnsureAsync(Key, "t", null, admin: false, CancellationToken.None);
        await api.StartAsync();
        var http = new HttpClient { BaseAddress = new Uri(api.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        return (api, http);
    }

    /// <summary>Wipes hot state, as an administrator or a failover without replica could.</summary>
    public async Task WipeAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(_redis.ConnectionString + ",allowAdmin=true");
        await connection.GetDatabase().ExecuteAsync("FLUSHALL");
    }

    /// <summary>Reads every event of a job, from whatever is known of it when.</summary>
    public async Task<IReadOnlyList<JobEvent>> EventsAsync(JobId id)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var reader = await HotState.FollowAsync(id, 0, limit.Token);
        var events = new List<JobEvent>();
        while (await reader.ReadAsync(limit.Token) is { Events.Count: > 0 } page)
        {
            events.AddRange(page.Events);
        }

        return events;
    }

    public async Task SendAsync(Job job)
    {
        await Store.AcceptAsync(job, CancellationToken.None);
        await HotState.AddAsync(job, attached: false, CancellationToken.None);
        await Queue.SendAsync(job.Queue, JobMessage.For(job), CancellationToken.None);
    }

    public async Task<JobResult> ResultAsync(Job job)
    {
        JobResult? result = null;
        await UntilAsync(async () => (result = await Store.FindResultAsync(job.Id, CancellationToken.None)) is not null);
        return result!;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)_client).DisposeAsync();
        await _broker.DisposeAsync();
        await _redis.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static IHost Build(Dictionary<string, string?> settings, bool worker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddBlobStore().AddHotState().AddDeployments().AddJobs().AddQueue();
        if (worker)
        {
            builder.Services.AddGpuWorker();
        }

        return builder.Build();
    }

    // The fixture names a pre-tokenizer that is not read here. The prompts are token ids, which none of them splits.
    private static string ModelFile(string folder)
    {
        var model = File.ReadAllBytes(Path.Combine(Fixtures(), "tiny-models", "tiny-llama.bf16.gguf"));
        var at = model.AsSpan().IndexOf("qwen2"u8);
        if (at >= 0)
        {
            "gpt-2"u8.CopyTo(model.AsSpan(at));
        }

        var path = Path.Combine(folder, "tiny.gguf");
        File.WriteAllBytes(path, model);
        return path;
    }

    private static string Fixtures()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(folder.FullName, "tests", "fixtures")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("tests/fixtures is not above the tests' folder.");
        }

        return Environment.GetEnvironmentVariable("FIXTURES") ?? Path.Combine(folder.FullName, "tests", "fixtures");
    }
}
