using System.Diagnostics;

namespace Serverless.Bench.Queue;

/// <summary>The system's clock, which also notes when the engine's thread next reads it: the engine does so first thing in a step.</summary>
internal sealed class StepClock : TimeProvider
{
    private TaskCompletionSource<long> _step = new();

    /// <summary>Waits for the first step after this call.</summary>
    public Task<long> NextStep()
    {
        var step = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _step, step);
        return step.Task;
    }

    public override long GetTimestamp()
    {
        var now = Stopwatch.GetTimestamp();
        if (Thread.CurrentThread.Name == "engine")
        {
            Volatile.Read(ref _step).TrySetResult(now);
        }

        return now;
    }
}
