namespace Serverless.Core.Queue;

/// <summary>Why a queue operation failed.</summary>
public enum QueueFailure
{
    /// <summary>The broker cannot be reached or is busy.</summary>
    Unavailable,

    /// <summary>No answer came in the operation's time.</summary>
    Timeout,

    /// <summary>The lock ended or the message was already settled.</summary>
    LockLost,

    /// <summary>There is no such queue.</summary>
    NotFound,

    /// <summary>The queue or namespace is full, or its limit of links is reached.</summary>
    QuotaExceeded,

    /// <summary>The message is larger than the queue takes.</summary>
    MessageTooLarge,

    /// <summary>The key or identity may not do this.</summary>
    Unauthorized,

    /// <summary>The broker does not accept the request as it is.</summary>
    Refused,
}
