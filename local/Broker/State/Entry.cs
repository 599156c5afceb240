namespace Serverless.Local.Broker.State;

/// <summary>One message in one queue.</summary>
internal sealed class Entry
{
    public required long Sequence { get; init; }

    /// <summary>The message as its sender encoded it.</summary>
    public required byte[] Encoded { get; init; }

    public required MessageFacts Facts { get; init; }

    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When a scheduled message becomes visible; the enqueuing time otherwise.</summary>
    public required DateTimeOffset VisibleAt { get; init; }

    public string? DeadLetterReason { get; init; }

    public string? DeadLetterDescription { get; init; }

    /// <summary>How often the message has been handed out.</summary>
    public int Deliveries { get; set; }

    public EntryState State { get; set; }

    public Guid LockToken { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    public DateTimeOffset? ExpiresAt => Facts.TimeToLive is { } life && life < DateTimeOffset.MaxValue - VisibleAt
        ? VisibleAt + life
        : null;
}
