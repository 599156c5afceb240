using Microsoft.Extensions.Logging;
using Serverless.Core.Queue;
using Serverless.GpuWorker.Jobs;

namespace Serverless.GpuWorker.Hosting;

/// <summary>Takes messages from the tiers' queues and starts each as soon as a slot is free, the most urgent tier first.</summary>
/// <remarks>
/// One message of each tier is asked for at all times, and a slot is taken only when a message is there: an idle tier
/// holds nothing up, and a slot that falls free always finds the most urgent message at hand. A message that waits too
/// long for a slot goes back, because another worker may have one.
/// </remarks>
internal sealed partial class MessageTaker(
    IReadOnlyList<IQueueReceiver> receivers, JobRunner runner, SemaphoreSlim free, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);
    private readonly List<Task> _started = [];

    /// <summary>Runs until cancelled; what was started then is through its start, and what was not is back on its queue.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var asked = receivers.Select(receiver => NextAsync(receiver, stopping)).ToArray();
        try
        {
            while (true)
            {
                await await Task.WhenAny(asked);
                if (await free.WaitAsync(LongestHold, stopping))
                {
                    Start(asked, stopping);
                }
                else
                {
                    await GiveBackAsync(asked, stopping);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Task.WhenAll(asked.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await GiveBackAsync(asked, null);
            await Task.WhenAll(_started);
        }
    }

    private void Start(Task<ReceivedMessage>[] asked, CancellationToken stopping)
    {
        var tier = Array.FindIndex(asked, task => task.IsCompletedSuccessfully);
        if (tier < 0 || asked[tier].Result.LockedUntil <= clock.GetUtcNow())
        {
            free.Release();
        }
        else
        {
            _started.RemoveAll(task => task.IsCompleted);
            _started.Add(runner.StartAsync(asked[tier].Result, receivers[tier]));
        }

        if (tier >= 0)
        {
            asked[tier] = NextAsync(receivers[tier], stopping);
        }
    }

    // Without a token nothing more is asked for.
    private async Task GiveBackAsync(Task<ReceivedMessage>[] asked, CancellationToken? stopping)
    {
        for (var tier = 0; tier < asked.Length; tier++)
        {
            if (!asked[tier].IsCompletedSuccessfully)
            {
                continue;
            }

            var message = await asked[tier];
            try
            {
                await receivers[tier].ReleaseAsync(message, CancellationToken.None);
            }
            catch (QueueException error)
            {
                LogNotReleased(logger, message.Message.Id, error.Message);
            }

            if (stopping is { } token)
            {
                asked[tier] = NextAsync(receivers[tier], token);
            }
        }
    }

    private async Task<ReceivedMessage> NextAsync(IQueueReceiver receiver, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return await receiver.ReceiveAsync(stopping);
            }
            catch (QueueException error)
            {
                // A refusal too is waited out: a queue that is made later, or a key that is put right, needs no restart.
                LogQueueAway(logger, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stopping);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The queue is away ({Reason}); trying again.")]
    private static partial void LogQueueAway(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Debug, "Message {Job} could not be given back and waits for the end of its lock: {Reason}")]
    private static partial void LogNotReleased(ILogger logger, string job, string reason);
}
