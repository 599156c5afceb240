using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Serverless.Core.Deployments;
using Serverless.Core.HotState;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Store;
using Serverless.Core.Tests.Webhooks;
using Serverless.Functions.Generation;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Tests.Idempotency;

/// <summary>Everything that accepts a call with a key, on a real store; hot state and the queue are the test's.</summary>
internal sealed class AcceptingSystem : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("accepting-").FullName;
    private readonly ServiceProvider _services;
    private readonly KeyedAcceptance _acceptance;

    public AcceptingSystem(TimeSpan patience = default)
    {
        HotState = new ForgetfulHotState(Killer);
        Queue = new FragileQueue(Killer);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Store:Path"] = _folder, ["HotState:ConnectionString"] = "none" }).Build();
        using var files = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddBlobStore().BuildServiceProvider();
        Store = new FragileStore(files.GetRequiredService<IBlobStore>(), Killer);
        _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<TimeProvider>(Clock)
            .AddSingleton<IBlobStore>(Store).AddSingleton<IHotState>(HotState).AddJobs().BuildServiceProvider();
        var options = Options.Create(new ApiOptions { IdempotencyPatience = patience });
        Keys = new IdempotencyKeys(Store, Jobs, Clock, options.Value.IdempotencyLifetime);
        _acceptance = new KeyedAcceptance(new Acceptance(Jobs, HotState, Queue, Clock), Keys, Jobs, options, Clock);
    }

    public ShiftedTime Clock { get; } = new();

    public Killer Killer { get; } = new();

    public ForgetfulHotState HotState { get; }

    public FragileQueue Queue { get; }

    public FragileStore Store { get; }

    public IdempotencyKeys Keys { get; }

    public IJobStore Jobs => _services.GetRequiredService<IJobStore>();

    /// <summary>Sends the one call of these tests, or another one under its key.</summary>
    public async Task<Accepted> AcceptAsync(string digest = "digest")
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var caller = new KeyRecord { Id = "key_1", Hash = "", Tenant = "acme", Hint = "", CreatedAt = Clock.GetUtcNow() };
        var call = new GenerationCall
        {
            Deployment = new Deployment { Name = "model", ModelDigest = new string('0', 64), ContextLength = 100, VocabularySize = 100, CreatedAt = Clock.GetUtcNow() },
            Request = new() { Messages = [], Temperature = 0 },
        };
        var lookup = await Keys.FindAsync(caller.Tenant, "key", digest, cancellationToken);
        return await _acceptance.AcceptAsync(caller, call, CacheDirectives.Parse(null), lookup, cancellationToken);
    }

    /// <summary>The jobs in the store that a worker would run, or has run.</summary>
    public async Task<IReadOnlyList<JobId>> LiveJobsAsync()
    {
        var live = new List<JobId>();
        await foreach (var path in Store.ListAsync("jobs/", TestContext.Current.CancellationToken))
        {
            if (path.EndsWith("/job.json", StringComparison.Ordinal))
            {
                var id = JobId.Parse(path.Split('/')[^2]);
                if ((await Jobs.FindResultAsync(id, TestContext.Current.CancellationToken))?.Error?.Code != JobError.NotAccepted)
                {
                    live.Add(id);
                }
            }
        }

        return live;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
