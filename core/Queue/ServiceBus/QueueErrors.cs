using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Amqp.Framing;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>AMQP's and the network's errors as <see cref="QueueException"/>s.</summary>
internal static class QueueErrors
{
    public static QueueException From(string? condition, string? description, Exception? cause = null)
    {
        var reason = condition switch
        {
            "com.microsoft:message-lock-lost" or "com.microsoft:session-lock-lost" => QueueFailure.LockLost,
            "amqp:not-found" or "com.microsoft:message-not-found" => QueueFailure.NotFound,
            "amqp:unauthorized-access" or "com.microsoft:auth-failed" => QueueFailure.Unauthorized,
            "amqp:resource-limit-exceeded" => QueueFailure.QuotaExceeded,
            "amqp:link:message-size-exceeded" => QueueFailure.MessageTooLarge,
            "com.microsoft:timeout" => QueueFailure.Timeout,
            "amqp:not-allowed" or "amqp:not-implemented" or "amqp:decode-error" or "amqp:invalid-field" or "com.microsoft:argument-error" or "com.microsoft:entity-disabled" => QueueFailure.Refused,
            _ => QueueFailure.Unavailable,
        };
        return new(reason, string.IsNullOrEmpty(description) ? $"The broker answered {condition ?? "nothing"}." : description, cause);
    }

    public static QueueException From(Error? error) => From(error?.Condition, error?.Description ?? "The connection to the broker was lost.");

    /// <summary>Whether an exception of the AMQP library or the network says that an operation failed.</summary>
    public static bool IsFailure(Exception error) => error
        is AmqpException or SocketException or IOException or TimeoutException or ObjectDisposedException or InvalidOperationException or AuthenticationException;

    public static QueueException From(Exception error) => error switch
    {
        AmqpException amqp => From(amqp.Error?.Condition, amqp.Error?.Description ?? amqp.Message, amqp),
        TimeoutException => new(QueueFailure.Timeout, "The broker did not answer in time.", error),
        _ => new(QueueFailure.Unavailable, $"The broker cannot be reached: {error.Message}", error),
    };
}
