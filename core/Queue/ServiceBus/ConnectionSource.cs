namespace Serverless.Core.Queue.ServiceBus;

/// <summary>The one connection of a client, opened when first needed and again after it was lost.</summary>
internal sealed class ConnectionSource(Endpoint endpoint, ITokenSource tokens, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ServiceBusConnection? _current;
    private bool _disposed;

    /// <exception cref="QueueException">The broker cannot be reached now.</exception>
    public async ValueTask<ServiceBusConnection> GetAsync(CancellationToken cancellationToken)
    {
        if (_current is { IsClosed: false } current)
        {
            return current;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(IQueueClient));
            if (_current is { IsClosed: false } other)
            {
                return other;
            }

            using var timeout = new CancellationTokenSource(OpenTimeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                return _current = await ServiceBusConnection.OpenAsync(endpoint, tokens, time, both.Token);
            }
            catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
            {
                throw new QueueException(QueueFailure.Unavailable, $"{endpoint} did not answer in {OpenTimeout.TotalSeconds} s.", error);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _current?.Dispose();
    }
}
