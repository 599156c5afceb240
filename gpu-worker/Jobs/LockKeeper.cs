using Microsoft.Extensions.Logging;
using Serverless.Core.Queue;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Keeps the locks of running jobs' messages alive, and stops jobs whose deadline has passed.</summary>
/// <remarks>
/// Renewals run beside each other and beside the looking, so that a slow one holds up no other lock. Their number is
/// bounded, and so is the time of each: those that wait for a turn get it well before their locks end.
/// </remarks>
internal sealed partial class LockKeeper(Func<IEnumerable<RunningJob>> running, Action<RunningJob> stop, TimeProvider clock, ILogger logger)
{
    private const int MostAtOnce = 16;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(5);
    private readonly Dictionary<Guid, Held> _held = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        using var turns = new SemaphoreSlim(MostAtOnce);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Look(turns, cancellationToken);
            }
        }
        finally
        {
            await Task.WhenAll(_held.Values.Select(held => held.Renewal)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look(SemaphoreSlim turns, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var live = new HashSet<Guid>();
        foreach (var job in running())
        {
            live.Add(job.Message.LockToken);
            if (job.Job.Deadline <= now)
            {
                stop(job);
            }

            if (!_held.TryGetValue(job.Message.LockToken, out var held))
            {
                _held.Add(job.Message.LockToken, held = new() { Until = job.Message.LockedUntil });
            }

            if (held.Renewal.IsCompleted && held.Until - now < Margin)
            {
                held.Renewal = RenewAsync(job, held, turns, cancellationToken);
            }
        }

        foreach (var token in _held.Keys.Where(token => !live.Contains(token) && _held[token].Renewal.IsCompleted).ToArray())
        {
            _held.Remove(token);
        }
    }

    private async Task RenewAsync(RunningJob job, Held held, SemaphoreSlim turns, CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        try
        {
            using var limit = new CancellationTokenSource(LongestRenewal, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            held.Until = await job.Receiver.RenewAsync(job.Message, either.Token);
        }
        catch (QueueException error)
        {
            // The job goes on: if another worker claims it, the next append says so. A lock that has ended cannot be had back.
            held.Until = error.Reason == QueueFailure.LockLost ? DateTimeOffset.MaxValue : held.Until;
            LogNotRenewed(logger, job.Message.Message.Id, error.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRenewed(logger, job.Message.Message.Id, $"no answer within {LongestRenewal.TotalSeconds:F0} s; trying again.");
        }
        finally
        {
            turns.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The lock of {Job} could not be renewed: {Reason}")]
    private static partial void LogNotRenewed(ILogger logger, string job, string reason);

    private sealed class Held
    {
        public required DateTimeOffset Until { get; set; }

        public Task Renewal { get; set; } = Task.CompletedTask;
    }
}
