using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>Sends a queue's messages to one receiver, exactly as many as it asks for, and takes its settlements.</summary>
internal sealed class ConsumerEndpoint(BrokerCore broker, string queue, ListenerLink link, bool settlesOnSend) : LinkEndpoint, IConsumer
{
    private bool _closed;

    public int Credit { get; set; }

    public bool IsDraining { get; set; }

    public bool SettlesOnSend => settlesOnSend;

    public void Open() => broker.Loop.Post(() =>
    {
        if (!_closed)
        {
            broker.Dispatcher.Add(broker.State.Queue(queue), this);
        }
    });

    public override void OnFlow(FlowContext flowContext)
    {
        var (more, draining) = (flowContext.Messages, link.IsDraining);
        broker.Loop.Post(() =>
        {
            Credit = Math.Max(0, Credit + more);
            IsDraining |= draining;
            broker.Dispatcher.Changed(broker.State.Queue(queue));
        });
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        // When a link closes, the library releases what is pending in the peer's name; the peer did not say so, and its locks hold.
        if (dispositionContext.Message is not OutgoingMessage message || link.IsClosed)
        {
            return;
        }

        var (outcome, settled) = (dispositionContext.DeliveryState, dispositionContext.Settled);
        broker.Loop.Post(() =>
        {
            var error = Settle(message.LockToken, outcome);
            if (!settled)
            {
                broker.Loop.AfterCommit(() => BrokerCore.Answer(() => Answer(dispositionContext, error)));
            }
        });
    }

    public override void OnLinkClosed(ListenerLink link, Error error) => broker.Loop.Post(() =>
    {
        _closed = true;
        Credit = 0;
        broker.Dispatcher.Remove(broker.State.Queue(queue), this);
    });

    public void Send(Delivery delivery)
    {
        if (!BrokerCore.Answer(() => Transfer(delivery)) && !settlesOnSend)
        {
            // The receiver never had it, so it does not count.
            broker.Loop.Post(() =>
            {
                Credit = 0;
                broker.Settle(queue, state => state.Release(delivery.LockToken, broker.Time.GetUtcNow()));
            });
        }
    }

    public void AnswerDrain() => BrokerCore.Answer(() => link.SetCredit(0, drain: true, autoRestore: false));

    private static void Answer(DispositionContext context, Error? error)
    {
        if (error is null)
        {
            context.Complete();
        }
        else
        {
            context.Complete(error);
        }
    }

    private void Transfer(Delivery delivery)
    {
        ObjectDisposedException.ThrowIf(link.IsClosed, link);
        var bytes = MessageEncoding.Write(delivery);
        link.SendMessage(new OutgoingMessage(delivery.LockToken), new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
    }

    private Error? Settle(Guid token, DeliveryState? outcome)
    {
        try
        {
            var settlement = Settlement.Of(outcome);
            return broker.Settle(queue, state => settlement.Apply(state, token, broker.Time.GetUtcNow(), broker.Options))
                ? null
                : new Error(new Symbol(BrokerStateException.LockLost)) { Description = "The lock ended or the message was settled. It is delivered again if it is not settled." };
        }
        catch (BrokerStateException refused)
        {
            return new Error(new Symbol(refused.Condition)) { Description = refused.Message };
        }
    }
}
