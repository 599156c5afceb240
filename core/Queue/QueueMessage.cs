namespace Serverless.Core.Queue;

/// <summary>What travels on a queue: a body, how to read it, and where an answer goes.</summary>
public sealed record QueueMessage
{
    /// <summary>The message id, 1 to 128 characters; a queue drops a second message of the same id for ten minutes.</summary>
    public required string Id { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    public string? ContentType { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>The queue where the sender waits for an answer.</summary>
    public string? ReplyTo { get; init; }

    public string? Subject { get; init; }

    /// <summary>When the message becomes visible to receivers; null is at once. Only a sender sets it.</summary>
    public DateTimeOffset? ScheduledAt { get; init; }

    /// <summary>How long the message may wait, from its enqueuing; null is as long as the queue allows.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Application properties: strings, booleans, numbers, dates, guids.</summary>
    public IReadOnlyDictionary<string, object> Properties { get; init; } = Empty;

    private static readonly IReadOnlyDictionary<string, object> Empty = new Dictionary<string, object>(0);
}
