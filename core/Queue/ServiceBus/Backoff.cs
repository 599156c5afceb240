namespace Serverless.Core.Queue.ServiceBus;

/// <summary>The waits between attempts: doubling, capped, each shortened by up to half by chance.</summary>
internal sealed class Backoff(QueueOptions options, TimeProvider time, Random chance)
{
    private TimeSpan _next = options.ReconnectDelay;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var wait = _next * (1 - (chance.NextDouble() / 2));
        _next = _next * 2 < options.MaxReconnectDelay ? _next * 2 : options.MaxReconnectDelay;
        return Task.Delay(wait, time, cancellationToken);
    }

    public void Reset() => _next = options.ReconnectDelay;
}
