namespace Serverless.Functions.Answers;

/// <summary>Keeps a quiet stream alive: proxies cut what is silent too long.</summary>
internal static class Heartbeats
{
    /// <summary>Sends a comment each <paramref name="period"/> until <paramref name="work"/> is done.</summary>
    public static async Task UntilAsync(Task work, SseWriter sse, TimeSpan period, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (work.IsCompleted)
        {
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (await Task.WhenAny(work, Task.Delay(period, clock, stop.Token)) != work)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sse.AddHeartbeat();
            await sse.FlushAsync();
        }

        await stop.CancelAsync();
    }
}
