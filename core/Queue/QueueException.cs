namespace Serverless.Core.Queue;

/// <summary>A queue operation that did not happen, and why.</summary>
public sealed class QueueException : Exception
{
    public QueueException(QueueFailure reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    public QueueFailure Reason { get; }

    /// <summary>True when the same call may succeed later.</summary>
    public bool IsTransient => Reason is QueueFailure.Unavailable or QueueFailure.Timeout or QueueFailure.QuotaExceeded;
}
