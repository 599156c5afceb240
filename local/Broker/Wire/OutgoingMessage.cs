using Amqp;

namespace Serverless.Local.Broker.Wire;

/// <summary>A message on its way out; its lock token is the delivery's tag.</summary>
internal sealed class OutgoingMessage(Guid lockToken) : Message
{
    public Guid LockToken { get; } = lockToken;
}
