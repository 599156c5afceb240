using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Requests;
using Serverless.Local.Broker;
using Serverless.Local.Redis;

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
        };
        _client = Build(_settings, worker: false);
    }

    public IJobStore Store => _client.Services.GetRequiredService<IJobStore>();

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

    public async Task<IHost> StartWorkerAsync(int maxSequences = 4)
    {
        var host = Build(new(_settings) { ["Engine:MaxSequences"] = $"{maxSequences}" }, worker: true);
        await host.StartAsync();
        return host;
    }

    public async Task SendAsync(Job job)
    {
        await Store.AcceptAsync(job, CancellationToken.None);
        await HotState.AddAsync(job, attached: false, CancellationToken.None);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new JobMessage { Job = job.Id, Tenant = job.Tenant, Deployment = job.Deployment, Tier = job.Tier, Request = job }, JobJson.Default.JobMessage);
        await Queue.SendAsync(job.Queue, new QueueMessage { Id = job.Id.ToString(), Body = body }, CancellationToken.None);
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
