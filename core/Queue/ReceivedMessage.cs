namespace Serverless.Core.Queue;

/// <summary>One delivery of a message, locked for its receiver until <see cref="LockedUntil"/>.</summary>
public sealed record ReceivedMessage
{
    public required QueueMessage Message { get; init; }

    /// <summary>How often the message has been handed out, this time included: 1 is the first.</summary>
    public required int DeliveryCount { get; init; }

    /// <summary>When the lock ends as of the delivery; <see cref="IQueueReceiver.RenewAsync"/> answers the later time.</summary>
    public required DateTimeOffset LockedUntil { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    public required long SequenceNumber { get; init; }

    public required Guid LockToken { get; init; }

    /// <summary>What the receiver needs to settle over the link that brought the message.</summary>
    internal object? Delivery { get; init; }
}
