using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>Takes messages into a queue; each is acknowledged when it is durable.</summary>
internal sealed class ProducerEndpoint(BrokerCore broker, string queue) : LinkEndpoint
{
    // Service Bus's batch envelope: each data section of the body is a whole encoded message.
    private const uint BatchFormat = 0x8001_3700;

    public override void OnFlow(FlowContext flowContext)
    {
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
    }

    public override void OnMessage(MessageContext messageContext)
    {
        var message = (RawMessage)messageContext.Message;
        var link = messageContext.Link;
        (byte[] Encoded, MessageFacts Facts)[] messages;
        try
        {
            if (message.Encoded.Length > broker.Options.MaxMessageBytes)
            {
                throw new BrokerStateException(
                    BrokerStateException.TooLarge,
                    $"The message has {message.Encoded.Length:N0} bytes; the queue takes {broker.Options.MaxMessageBytes:N0}.");
            }

            messages = [.. Split(message).Select(MessageEncoding.Read)];
        }
        catch (BrokerStateException refused)
        {
            Refuse(link, message, refused);
            return;
        }

        broker.Loop.Post(() => Enqueue(link, message, messages));
    }

    private static IEnumerable<byte[]> Split(RawMessage message)
    {
        if (message.Format != BatchFormat)
        {
            return [message.Encoded];
        }

        try
        {
            var envelope = Message.Decode(new ByteBuffer(message.Encoded, 0, message.Encoded.Length, message.Encoded.Length));
            return envelope.BodySection switch
            {
                DataList list => [.. Enumerable.Range(0, list.Count).Select(i => list[i].Binary)],
                Data data => [data.Binary],
                _ => throw new BrokerStateException(BrokerStateException.Decode, "A batch's body must be data sections."),
            };
        }
        catch (Exception error) when (error is AmqpException or InvalidCastException or ArgumentException or IndexOutOfRangeException)
        {
            throw new BrokerStateException(BrokerStateException.Decode, $"The batch cannot be read: {error.Message}");
        }
    }

    private static void Refuse(ListenerLink link, Message message, BrokerStateException refused) => link.DisposeMessage(
        message,
        new Rejected { Error = new Error(new Symbol(refused.Condition)) { Description = refused.Message } },
        true);

    private void Enqueue(ListenerLink link, Message message, (byte[] Encoded, MessageFacts Facts)[] messages)
    {
        try
        {
            broker.Enqueue(queue, messages);
            broker.Loop.AfterCommit(() => BrokerCore.Answer(() => link.DisposeMessage(message, new Accepted(), true)));
        }
        catch (BrokerStateException refused)
        {
            broker.Loop.AfterCommit(() => BrokerCore.Answer(() => Refuse(link, message, refused)));
        }
    }
}
