using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>Decides what a new link is: a sender to a queue, a receiver from one, or a pair for requests.</summary>
internal sealed class LinkRouter(BrokerCore broker) : ILinkProcessor
{
    private static readonly Symbol SessionFilter = new("com.microsoft:session-filter");
    private readonly Authorizations _authorizations = new(broker);
    private readonly ReplyLinks _replies = new();

    public void Process(AttachContext attachContext)
    {
        var attach = attachContext.Attach;
        try
        {
            Route(attachContext, Address(attach));
        }
        catch (BrokerStateException refused)
        {
            attachContext.Complete(new Error(new Symbol(refused.Condition)) { Description = refused.Message });
        }
    }

    private static string Address(Attach attach)
    {
        var address = (attach.Role ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address) ?? "";
        return (Uri.TryCreate(address, UriKind.Absolute, out var uri) && !address.StartsWith('/') ? uri.AbsolutePath : address).Trim('/');
    }

    private void Route(AttachContext context, string address)
    {
        const string Management = "/$management";
        var attach = context.Attach;
        if (address == "$cbs")
        {
            Pair(context, new RequestEndpoint(_replies, (request, answer) => answer(_authorizations.Answer(context.Link.Session.Connection, request))));
            return;
        }

        _authorizations.Demand(context.Link.Session.Connection);
        if (address.EndsWith(Management, StringComparison.OrdinalIgnoreCase))
        {
            var management = new ManagementRequests(broker, QueueName.Normalize(address[..^Management.Length], broker.Options));
            Pair(context, new RequestEndpoint(_replies, management.Handle));
            return;
        }

        var queue = QueueName.Normalize(address, broker.Options);
        if (attach.Role)
        {
            if ((attach.Source as Source)?.FilterSet?.ContainsKey(SessionFilter) == true)
            {
                throw new BrokerStateException(BrokerStateException.NotAllowed, $"Queue '{queue}' has no sessions. Receive from it without one.");
            }

            attach.InitialDeliveryCount = 0;
            var consumer = new ConsumerEndpoint(broker, queue, context.Link, attach.SndSettleMode == SenderSettleMode.Settled);
            consumer.Open();
            context.Complete(consumer, 0);
            return;
        }

        if (QueueName.IsDeadLetter(queue))
        {
            throw new BrokerStateException(BrokerStateException.NotAllowed, "Messages cannot be sent to dead letters. Dead-letter a received message instead.");
        }

        attach.MaxMessageSize = (ulong)broker.Options.MaxMessageBytes;
        context.Complete(new ProducerEndpoint(broker, queue), 1_000);
    }

    private void Pair(AttachContext context, RequestEndpoint requests)
    {
        if (!context.Attach.Role)
        {
            context.Complete(requests, 100);
            return;
        }

        context.Attach.SndSettleMode = SenderSettleMode.Settled;
        _replies.Add(context.Link, (context.Attach.Target as Target)?.Address ?? context.Attach.LinkName);
        context.Complete(new ReplyEndpoint(), 0);
    }
}
