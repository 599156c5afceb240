namespace Serverless.Core.Queue;

/// <summary>Takes messages off one queue under a lock and settles them.</summary>
public interface IQueueReceiver : IAsyncDisposable
{
    /// <summary>Waits for the next message, however long; the broker is asked for as many as there are callers waiting.</summary>
    /// <remarks>Cancellation loses nothing: a message that arrives late goes to the next caller or back to the queue.</remarks>
    /// <exception cref="QueueException">The queue cannot be received from; an outage is waited out instead.</exception>
    Task<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Removes the message from the queue; returns when the broker has noted it durably.</summary>
    /// <exception cref="QueueException"><see cref="QueueFailure.LockLost"/> when the lock ended: the message is delivered again.</exception>
    Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken);

    /// <summary>Gives the message back at once; its next delivery counts one more.</summary>
    /// <exception cref="QueueException"><see cref="QueueFailure.LockLost"/> when the lock ended.</exception>
    Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken);

    /// <summary>Gives the message back as if it had not been delivered, where the broker can: nobody tried it.</summary>
    /// <exception cref="QueueException"><see cref="QueueFailure.LockLost"/> when the lock ended.</exception>
    Task ReleaseAsync(ReceivedMessage message, CancellationToken cancellationToken);

    /// <summary>Moves the message to the queue's dead letters, with why it cannot be processed.</summary>
    /// <exception cref="QueueException"><see cref="QueueFailure.LockLost"/> when the lock ended.</exception>
    Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken);

    /// <summary>Starts the lock anew and returns when it now ends.</summary>
    /// <exception cref="QueueException"><see cref="QueueFailure.LockLost"/> when the lock ended.</exception>
    Task<DateTimeOffset> RenewAsync(ReceivedMessage message, CancellationToken cancellationToken);
}
