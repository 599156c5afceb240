using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Tests.Webhooks;

namespace Serverless.Functions.Tests.Idempotency;

/// <summary>Hot state that knows nothing, and can be away; the process may be killed around each job that it is told of.</summary>
internal sealed class ForgetfulHotState(Killer killer) : IHotState
{
    public bool IsAway { get; set; }

    /// <summary>What the prompt cache and the flights say of every request.</summary>
    public Admission Admits { get; set; } = new Admission.Lead();

    public Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        IsAway ? throw new HotStateUnavailableException("Redis is away.", new TimeoutException()) : Task.FromResult(Admits);

    public Task LeaveFlightAsync(string promptKey, JobId leader, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AddAsync(Job job, bool attached, CancellationToken cancellationToken)
    {
        Assert.False(attached, "A call with a key is not cancelled by whoever leaves.");
        return IsAway ? throw new HotStateUnavailableException("Redis is away.", new TimeoutException()) : killer.AroundAsync(() => Task.FromResult(true));
    }

    public Task FinishAsync(Job job, JobResult result, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Claim> ClaimAsync(Job job, int deliveryCount, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ReopenAsync(JobId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<Append> appends, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<JobStatus?> ReadAsync(JobId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IEventReader> FollowAsync(JobId id, long from, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CancelAsync(JobId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> AttachAsync(JobId id, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task DetachAsync(JobId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task NoteRequestAsync(string digest, JobId job, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<JobId?> FindRequestAsync(string digest, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IAsyncDisposable> OnCancelAsync(Action<JobId> cancelled, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>A queue that keeps what it is sent, and can lose its answer to that.</summary>
internal sealed class FragileQueue(Killer killer) : IQueueClient
{
    public List<QueueMessage> Messages { get; } = [];

    public bool IsAway { get; set; }

    /// <summary>Holds the next send until the task given for it ends; the send then fails, and what it sent is lost.</summary>
    public (TaskCompletionSource Held, Task Until)? Hold { get; set; }

    public async Task SendAsync(string queue, QueueMessage message, CancellationToken cancellationToken)
    {
        if (Hold is { } hold)
        {
            Hold = null;
            hold.Held.SetResult();
            await hold.Until;
            throw new QueueException(QueueFailure.Timeout, "The broker did not answer.");
        }

        await killer.AroundAsync(() =>
        {
            Messages.Add(message);
            return Task.FromResult(true);
        });
        if (IsAway)
        {
            throw new QueueException(QueueFailure.Timeout, "The broker did not answer.");
        }
    }

    public Task SendAsync(string queue, IReadOnlyList<QueueMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IQueueReceiver Receive(string queue, ReceiveOptions? options = null) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
