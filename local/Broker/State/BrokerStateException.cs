namespace Serverless.Local.Broker.State;

/// <summary>A request that the broker refuses, with the AMQP condition that says why.</summary>
internal sealed class BrokerStateException(string condition, string message) : Exception(message)
{
    public const string NotFound = "amqp:not-found";
    public const string NotAllowed = "amqp:not-allowed";
    public const string NotImplemented = "amqp:not-implemented";
    public const string QuotaExceeded = "amqp:resource-limit-exceeded";
    public const string TooLarge = "amqp:link:message-size-exceeded";
    public const string Decode = "amqp:decode-error";
    public const string MessageNotFound = "com.microsoft:message-not-found";
    public const string LockLost = "com.microsoft:message-lock-lost";
    public const string Unauthorized = "amqp:unauthorized-access";

    public string Condition { get; } = condition;
}
