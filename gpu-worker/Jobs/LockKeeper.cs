using Microsoft.Extensions.Logging;
using Serverless.Core.Queue;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Keeps the locks of running jobs' messages alive, and stops jobs whose deadline has passed.</summary>
internal sealed partial class LockKeeper(JobRunner runner, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);
    private readonly Dictionary<Guid, DateTimeOffset> _renewed = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = clock.GetUtcNow();
            var live = new HashSet<Guid>();
            foreach (var job in runner.Running)
            {
                live.Add(job.Message.LockToken);
                if (job.Job.Deadline <= now)
                {
                    runner.Stop(job);
                }

                if (_renewed.GetValueOrDefault(job.Message.LockToken, job.Message.LockedUntil) - now < Margin)
                {
                    await RenewAsync(job, cancellationToken);
                }
            }

            foreach (var token in _renewed.Keys.Where(token => !live.Contains(token)).ToArray())
            {
                _renewed.Remove(token);
            }
        }
    }

    private async Task RenewAsync(RunningJob job, CancellationToken cancellationToken)
    {
        try
        {
            _renewed[job.Message.LockToken] = await job.Receiver.RenewAsync(job.Message, cancellationToken);
        }
        catch (QueueException error)
        {
            // The job goes on: if another worker claims it, the next append says so.
            LogNotRenewed(logger, job.Message.Message.Id, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The lock of {Job} could not be renewed: {Reason}")]
    private static partial void LogNotRenewed(ILogger logger, string job, string reason);
}
