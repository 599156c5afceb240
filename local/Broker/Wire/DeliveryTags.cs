using Amqp.Handler;
using EventId = Amqp.Handler.EventId;

namespace Serverless.Local.Broker.Wire;

/// <summary>Puts the lock token into each delivery's tag, where Service Bus's clients look for it.</summary>
internal sealed class DeliveryTags : IHandler
{
    public bool CanHandle(EventId id) => id == EventId.SendDelivery;

    public void Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is IDelivery { Message: OutgoingMessage message } delivery)
        {
            delivery.Tag = message.LockToken.ToByteArray();
        }
    }
}
