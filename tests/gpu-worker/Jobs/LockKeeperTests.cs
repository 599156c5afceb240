using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Tests.Hosting;

namespace Serverless.GpuWorker.Tests.Jobs;

public sealed class LockKeeperTests
{
    private static readonly TimeSpan _lock = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public async Task RenewalsThatHangCostNoOtherJobItsLock()
    {
        var hanging = Enumerable.Range(0, 20).Select(_ => Start(new Receiver(_clock, _lock) { Hangs = true })).ToArray();
        var jobs = Enumerable.Range(0, 60).Select(_ => Start(new Receiver(_clock, _lock))).ToArray();

        // The clock stands until every other lock has a third of its life before it.
        await RunAsync([.. hanging, .. jobs], seconds: 300, () => Array.TrueForAll(jobs, job => EndOf(job) - _clock.GetUtcNow() > _lock / 3));

        Assert.All(hanging, job => Assert.True(((Receiver)job.Receiver).Tries > 1, "A renewal that hung is not tried again."));
    }

    [Fact]
    public async Task ALockIsRenewedOnlyWhenItsEndIsNearAndNoMoreOnceItIsLost()
    {
        var (held, lost) = (Start(new Receiver(_clock, _lock)), Start(new Receiver(_clock, _lock) { IsLost = true }));

        await RunAsync([held, lost], seconds: 100);

        Assert.Equal(3, ((Receiver)held.Receiver).Tries);
        Assert.Equal(1, ((Receiver)lost.Receiver).Tries);
    }

    [Fact]
    public async Task AJobPastItsDeadlineIsStopped()
    {
        var job = Start(new Receiver(_clock, _lock), deadline: _clock.GetUtcNow().AddSeconds(5));
        var stopped = new HashSet<RunningJob>();

        await RunAsync([job], seconds: 4, stop: stopped.Add);
        Assert.Empty(stopped);
        await RunAsync([job], seconds: 3, stop: stopped.Add);

        Assert.Equal([job], stopped);
    }

    private async Task RunAsync(RunningJob[] jobs, int seconds, Func<bool>? eachSecond = null, Func<RunningJob, bool>? stop = null)
    {
        using var looks = new SemaphoreSlim(0);
        using var end = new CancellationTokenSource();
        var keeper = new LockKeeper(
            () =>
            {
                looks.Release();
                return jobs;
            },
            job => stop?.Invoke(job),
            _clock,
            NullLogger.Instance);
        var running = keeper.RunAsync(end.Token);
        for (var second = 0; second < seconds; second++)
        {
            _clock.Advance(_second);
            Assert.True(await looks.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), "The keeper no longer looks.");
            await WorkerStack.UntilAsync(() => Task.FromResult(eachSecond?.Invoke() ?? true));
        }

        await end.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static DateTimeOffset EndOf(RunningJob job) => ((Receiver)job.Receiver).LockedUntil;

    private RunningJob Start(Receiver receiver, DateTimeOffset? deadline = null)
    {
        var job = new Job
        {
            Id = JobId.New(_clock.GetUtcNow()),
            Tenant = "t",
            Deployment = "d",
            Request = new() { Messages = [] },
            Seed = 1,
            Deadline = deadline,
        };
        var message = new ReceivedMessage
        {
            Message = new QueueMessage { Id = job.Id.ToString(), Body = default },
            DeliveryCount = 1,
            LockedUntil = receiver.LockedUntil,
            EnqueuedAt = _clock.GetUtcNow(),
            SequenceNumber = 1,
            LockToken = Guid.NewGuid(),
        };
        return new(job, message, receiver, new Claim(1, JobState.Running, false, [], _clock.GetUtcNow(), 1));
    }

    // One lock of a broker that answers at once, never, or that the lock is lost.
    private sealed class Receiver(TimeProvider clock, TimeSpan duration) : IQueueReceiver
    {
        public bool Hangs { get; init; }

        public bool IsLost { get; init; }

        public int Tries { get; private set; }

        public DateTimeOffset LockedUntil { get; private set; } = clock.GetUtcNow() + duration;

        public async Task<DateTimeOffset> RenewAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            Tries++;
            if (Hangs)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return IsLost ? throw new QueueException(QueueFailure.LockLost, "The lock ended.") : LockedUntil = clock.GetUtcNow() + duration;
        }

        public Task<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ReleaseAsync(ReceivedMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
