namespace Serverless.Core.Queue;

/// <summary>How a receiver takes messages.</summary>
public sealed record ReceiveOptions
{
    /// <summary>Receives what was dead-lettered from the queue instead of the queue itself. The default is false.</summary>
    public bool DeadLetters { get; init; }
}
