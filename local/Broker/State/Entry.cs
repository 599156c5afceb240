namespace Serverless.Local.Broker.State;

/// <summary>One message in one queue.</summary>
internal sealed class Entry
{
    public required long Sequence { get; set; }

    /// <summary>The message as its sender encoded it, with what receivers changed of its properties; empty once it is removed.</summary>
    public required byte[] Encoded { get; set; }

    public required MessageFacts Facts { get; set; }

    /// <summary>When the message came in; for a scheduled message that became visible, when it did.</summary>
    public required DateTimeOffset EnqueuedAt { get; set; }

    /// <summary>When a scheduled message becomes visible; the enqueuing time otherwise.</summary>
    public required DateTimeOffset VisibleAt { get; init; }

    public string? DeadLetterReason { get; init; }

    public string? DeadLetterDescription { get; init; }

    /// <summary>How often the message has been handed out.</summary>
    public int Deliveries { get; set; }

    public EntryState State { get; set; }

    /// <summary>Whether a receiver set it aside: it is then handed out by its sequence number only.</summary>
    public bool IsDeferred { get; set; }

    public Guid LockToken { get; set; }

    public DateTimeOffset LockedUntil { get; set; }

    public DateTimeOffset? ExpiresAt => Facts.TimeToLive is { } life && life < DateTimeOffset.MaxValue - VisibleAt
        ? VisibleAt + life
        : null;
}
