namespace Serverless.Core.Queue;

/// <summary>Sends to queues and receives from them. One instance serves a process; it is safe to share.</summary>
public interface IQueueClient : IAsyncDisposable
{
    /// <summary>Sends one message and returns when the broker has it durably.</summary>
    /// <exception cref="QueueException">The broker refused the message or could not be reached in time.</exception>
    Task SendAsync(string queue, QueueMessage message, CancellationToken cancellationToken);

    /// <summary>Sends messages, in order; after a failure any first part of them may be on the queue.</summary>
    /// <exception cref="QueueException">The broker refused a message or could not be reached in time.</exception>
    Task SendAsync(string queue, IReadOnlyList<QueueMessage> messages, CancellationToken cancellationToken);

    /// <summary>Opens a receiver; it connects with the first <see cref="IQueueReceiver.ReceiveAsync"/>.</summary>
    IQueueReceiver Receive(string queue, ReceiveOptions? options = null);
}
