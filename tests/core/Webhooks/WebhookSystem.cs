using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Core.Webhooks;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>Everything that delivers webhooks, on a real store and against real receivers; only the clock and the queue are the test's.</summary>
internal sealed class WebhookSystem : IAsyncDisposable
{
    public const string Tenant = "acme";

    private static readonly TimeSpan Lock = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("webhooks-").FullName;
    private readonly WebhookSender _sender;

    public WebhookSystem(WebhookOptions? options = null, FakeTimeProvider? clock = null, IQueueClient? queue = null)
    {
        Clock = clock ?? NewClock();
        var settings = Microsoft.Extensions.Options.Options.Create(options ?? new WebhookOptions { AllowPrivateNetworks = true });
        Options = settings.Value;
        Queue = new ScheduledQueue(Clock, Killer);
        Store = new FragileStore(new FileBlobStore(_folder, flushToDisk: false, Clock), Killer);
        Jobs = new JobStore(Store, null!, Clock, NullLogger<JobStore>.Instance);
        Endpoints = new WebhookEndpoints(Store, Clock);
        Deliveries = new WebhookDeliveries(Store);
        Outbox = new WebhookOutbox(Store, queue ?? Queue);
        FanOut = new WebhookFanOut(Endpoints, Deliveries, Outbox, Jobs, settings, Clock);
        _sender = new WebhookSender(settings, Clock);
        Handler = new WebhookHandler(
            FanOut,
            new WebhookDeliverer(Endpoints, Deliveries, Outbox, Jobs, new Body(), _sender, new EndpointGates(), settings, Clock, new Random(7)),
            NullLogger<WebhookHandler>.Instance);
    }

    public FakeTimeProvider Clock { get; }

    public Killer Killer { get; } = new();

    public WebhookOptions Options { get; }

    public ScheduledQueue Queue { get; }

    public FragileStore Store { get; }

    public IJobStore Jobs { get; }

    public WebhookEndpoints Endpoints { get; }

    public WebhookDeliveries Deliveries { get; }

    public WebhookOutbox Outbox { get; }

    public WebhookFanOut FanOut { get; }

    public WebhookHandler Handler { get; }

    public static FakeTimeProvider NewClock() => new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public static CancellationToken Now => TestContext.Current.CancellationToken;

    public async Task<WebhookEndpoint> EndpointAsync(Receiver receiver, params string[] events)
    {
        var endpoint = new WebhookEndpoint
        {
            Id = WebhookEndpoints.NewId(),
            Tenant = Tenant,
            Url = receiver.Url,
            Events = events.Length > 0 ? events : WebhookEvents.All,
            CreatedAt = Clock.GetUtcNow(),
        };
        await Endpoints.CreateAsync(endpoint, Now);
        return endpoint;
    }

    /// <summary>Stores a job with its result and tells of its end, as a commit does.</summary>
    public async Task<Job> EndAsync(JobState state = JobState.Succeeded, Uri? webhookUrl = null, JobError? error = null)
    {
        var job = new Job
        {
            Id = JobId.New(Clock.GetUtcNow()),
            Tenant = Tenant,
            Deployment = "model",
            Request = new() { Messages = [] },
            Seed = 1,
            WebhookUrl = webhookUrl,
        };
        var result = new JobResult { Id = job.Id, Tenant = Tenant, Deployment = "model", State = state, Error = error, FinishedAt = Clock.GetUtcNow() };
        await Jobs.AcceptAsync(job, Now);
        await Store.TryCreateAsync(job.ResultPath, JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Default.JobResult), Now);
        await Outbox.TellAsync(job, result, Now);
        return job;
    }

    /// <summary>Does what is due now; a message whose process is killed comes again when its lock has ended.</summary>
    public async Task RunAsync()
    {
        while (Queue.TakeDue() is { } message)
        {
            try
            {
                Assert.True(await Handler.HandleAsync(message.Body, Now));
                // The last step is to complete the message.
                await Killer.AroundAsync(() => Task.FromResult(true));
            }
            catch (KilledException)
            {
                Queue.PutBack(message, Clock.GetUtcNow() + Lock);
            }
        }
    }

    /// <summary>Lets time pass from one due message to the next, and does each in its time.</summary>
    public async Task RunForAsync(TimeSpan time)
    {
        var end = Clock.GetUtcNow() + time;
        await RunAsync();
        while (Queue.NextDue <= end)
        {
            Clock.Advance(Queue.NextDue.Value - Clock.GetUtcNow());
            await RunAsync();
        }

        Clock.Advance(end - Clock.GetUtcNow());
    }

    public async Task<WebhookDelivery> OnlyDeliveryAsync(string endpoint) =>
        Assert.Single(await Deliveries.ListAsync(Tenant, endpoint, null, Now).ToListAsync(Now));

    public ValueTask DisposeAsync()
    {
        _sender.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    // The real one belongs to the API and has tests of its own.
    private sealed class Body : IWebhookBody
    {
        public byte[] Write(WebhookDelivery delivery, Job? job, JobResult? result) =>
            Encoding.UTF8.GetBytes($$$"""{"type":"{{{delivery.Event}}}","data":{"id":"{{{job?.Id}}}"}}""");
    }
}
