using Amqp;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>A delivery, the link it came over, and the connection's way to settle it.</summary>
internal sealed record LinkDelivery(ReceiverLink Link, Message Message, Task Closed, Settlements Settlements);
