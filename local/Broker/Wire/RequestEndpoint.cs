using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>The asking half of a request pair: decodes a request, has it handled, and sends the answer to its reply address.</summary>
internal sealed class RequestEndpoint(ReplyLinks replies, Action<Message, Action<Response>> handle) : LinkEndpoint
{
    public override void OnFlow(FlowContext flowContext)
    {
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
    }

    public override void OnMessage(MessageContext messageContext)
    {
        messageContext.Complete();
        var encoded = ((RawMessage)messageContext.Message).Encoded;
        var request = Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length));
        if (request.Properties?.ReplyTo is not { } replyTo || replies.Find(messageContext.Link.Session, replyTo) is not { } link)
        {
            return;
        }

        try
        {
            handle(request, response => Answer(link, request, response));
        }
        catch (BrokerStateException refused)
        {
            Answer(link, request, Response.Refused(refused));
        }
        catch (Exception error) when (error is InvalidCastException or KeyNotFoundException or AmqpException or ArgumentException or NullReferenceException)
        {
            // The body's shape is the caller's: whatever does not fit is a bad request.
            Answer(link, request, new Response(400, $"The request's body is not as the operation needs it: {error.Message}", "amqp:invalid-field"));
        }
    }

    private static void Answer(ListenerLink link, Message request, Response response)
    {
        var message = new Message { Properties = new Properties(), ApplicationProperties = new ApplicationProperties() };
        if (request.Properties.GetMessageId() is { } id)
        {
            message.Properties.SetCorrelationId(id);
        }

        // Service Bus's clients read one spelling or the other.
        message.ApplicationProperties["statusCode"] = response.Status;
        message.ApplicationProperties["status-code"] = response.Status;
        message.ApplicationProperties["statusDescription"] = response.Description;
        message.ApplicationProperties["status-description"] = response.Description;
        if (response.Condition is { } condition)
        {
            message.ApplicationProperties["errorCondition"] = new Symbol(condition);
        }

        if (response.Body is { } body)
        {
            message.BodySection = new AmqpValue { Value = body };
        }

        if (!link.IsClosed)
        {
            link.SendMessage(message);
        }
    }
}
