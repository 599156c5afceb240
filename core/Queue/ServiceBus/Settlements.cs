using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Settles deliveries and waits for the broker's word on each, which the library's own calls do not.</summary>
/// <remarks>
/// A disposition with settled=false asks the broker to answer, and only the answer tells a lost lock. The library sends
/// such a disposition inside transactions only; its internal method is called here, and its version is pinned.
/// </remarks>
internal sealed class Settlements : IHandler
{
    private readonly ConcurrentDictionary<Message, TaskCompletionSource<DeliveryState?>> _waiting = new(ReferenceEqualityComparer.Instance);

    public bool CanHandle(EventId id) => id == EventId.DeliveryStateChanged;

    public void Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is IDelivery { Message: { } message } delivery && _waiting.TryRemove(message, out var waiting))
        {
            waiting.TrySetResult(delivery.State);
        }
    }

    /// <exception cref="QueueException">The broker refused the outcome, the link closed, or no answer came in time.</exception>
    public async Task SettleAsync(LinkDelivery delivery, Outcome outcome, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<DeliveryState?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.TryAdd(delivery.Message, answer))
        {
            throw new QueueException(QueueFailure.LockLost, "The message is being settled already.");
        }

        try
        {
            if (GetDelivery(delivery.Message) is IDelivery { Settled: true })
            {
                // The broker has answered for this delivery before, and answers no second time.
                throw new QueueException(QueueFailure.LockLost, "The message was settled before, or its lock had ended then.");
            }

            DisposeDelivery(delivery.Link.Session, true, GetDelivery(delivery.Message), outcome, false);
            var first = await Task.WhenAny(answer.Task, delivery.Closed).WaitAsync(timeout, time, cancellationToken);
            if (first != answer.Task)
            {
                throw QueueErrors.From(delivery.Link.Error);
            }
        }
        catch (Exception error) when (QueueErrors.IsFailure(error))
        {
            throw QueueErrors.From(error);
        }
        finally
        {
            _waiting.TryRemove(delivery.Message, out _);
        }

        if (await answer.Task is Rejected { Error: { } refused } && refused.Condition != "com.microsoft:dead-letter")
        {
            throw QueueErrors.From(refused);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "DisposeDelivery")]
    private static extern void DisposeDelivery(
        Session session,
        bool role,
        [UnsafeAccessorType("Amqp.Delivery, Amqp.Net")] object delivery,
        DeliveryState state,
        bool settled);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Delivery")]
    [return: UnsafeAccessorType("Amqp.Delivery, Amqp.Net")]
    private static extern object GetDelivery(Message message);
}
