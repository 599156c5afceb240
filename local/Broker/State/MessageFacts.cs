namespace Serverless.Local.Broker.State;

/// <summary>What a queue needs to know of a message to keep it.</summary>
internal sealed record MessageFacts
{
    public required string Id { get; init; }

    public DateTimeOffset? ScheduledAt { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Where the message's properties start in its encoding; what stands before is rewritten at each delivery.</summary>
    public required int BareStart { get; init; }
}
