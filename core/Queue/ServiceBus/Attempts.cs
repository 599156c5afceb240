namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Repeats an operation while it fails for a passing reason, within the operation's time.</summary>
internal sealed class Attempts(QueueOptions options, TimeProvider time)
{
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.OperationTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        Backoff? backoff = null;
        QueueException? last = null;
        while (true)
        {
            try
            {
                return await operation(both.Token);
            }
            catch (QueueException error) when (error.IsTransient && error.Reason != QueueFailure.QuotaExceeded)
            {
                last = error;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw TimedOut(last);
            }

            try
            {
                backoff ??= new Backoff(options, time, Random.Shared);
                await backoff.WaitAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw TimedOut(last);
            }
        }
    }

    private QueueException TimedOut(QueueException? last) => last is null
        ? new(QueueFailure.Timeout, $"The broker did not answer in {options.OperationTimeout.TotalSeconds} s.")
        : new(last.Reason, $"Gave up after {options.OperationTimeout.TotalSeconds} s: {last.Message}", last);
}
