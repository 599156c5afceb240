using Amqp;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>Answers the requests on a queue's <c>$management</c> node.</summary>
internal sealed class ManagementRequests(BrokerCore broker, string queue)
{
    private const int MaxPeek = 250;

    /// <exception cref="BrokerStateException">The operation is not known or its body is wrong.</exception>
    public void Handle(Message request, Action<Response> answer)
    {
        var operation = request.ApplicationProperties?["operation"] as string;
        var body = request.Body as Map ?? [];
        Func<Response> command = operation switch
        {
            "com.microsoft:renew-lock" => Renew(Field<Guid[]>(body, "lock-tokens")),
            "com.microsoft:update-disposition" => Update(Field<Guid[]>(body, "lock-tokens"), Settlement.Of(body)),
            "com.microsoft:receive-by-sequence-number" => ReceiveDeferred(Field<long[]>(body, "sequence-numbers"), settles: body["receiver-settle-mode"] is 0u),
            "com.microsoft:peek-message" => Peek(Field<long>(body, "from-sequence-number"), Field<int>(body, "message-count")),
            "com.microsoft:schedule-message" => Schedule(Field<System.Collections.IEnumerable>(body, "messages")),
            "com.microsoft:cancel-scheduled-message" => Cancel(Field<long[]>(body, "sequence-numbers")),
            _ => throw new BrokerStateException(BrokerStateException.NotImplemented, $"The operation '{operation}' is not supported here."),
        };
        broker.Loop.Post(() =>
        {
            Response response;
            try
            {
                response = command();
            }
            catch (BrokerStateException refused)
            {
                response = Response.Refused(refused);
            }

            broker.Loop.AfterCommit(() => BrokerCore.Answer(() => answer(response)));
        });
    }

    private static T Field<T>(Map body, string name) => body[name] is T value
        ? value
        : throw new BrokerStateException(BrokerStateException.Decode, $"The request's body has no '{name}' of the form that the operation needs.");

    private static Response LockLost() => new(410, "The lock ended or the message was settled.", BrokerStateException.LockLost);

    private Func<Response> Renew(Guid[] tokens) => () =>
    {
        var now = broker.Time.GetUtcNow();
        var state = broker.State.Queue(queue);
        var ends = tokens.Select(token => state.Renew(token, now)).ToArray();
        return ends.Any(end => end is null)
            ? LockLost()
            : new(200, "OK", Body: new Map { ["expirations"] = ends.Select(end => end!.Value.UtcDateTime).ToArray() });
    };

    private Func<Response> Update(Guid[] tokens, Settlement settlement) => () =>
    {
        var now = broker.Time.GetUtcNow();
        var held = tokens.Select(token => broker.Settle(queue, state => settlement.Apply(state, token, now, broker.Options))).ToArray();
        return held.All(one => one) ? new(200, "OK") : LockLost();
    };

    private Func<Response> ReceiveDeferred(long[] sequences, bool settles) => () =>
    {
        var (state, now) = (broker.State.Queue(queue), broker.Time.GetUtcNow());
        if (sequences.Any(sequence => state.Find(sequence) is not { State: EntryState.Deferred }))
        {
            return new(404, "There is no deferred message of that sequence number.", BrokerStateException.MessageNotFound);
        }

        var messages = new List();
        foreach (var entry in sequences.Distinct().Select(sequence => state.TakeDeferred(sequence, now)).OfType<Entry>())
        {
            var delivery = new Delivery(entry, entry.Encoded, entry.Deliveries, entry.LockToken, settles ? null : entry.LockedUntil);
            messages.Add(new Map { ["message"] = MessageEncoding.Write(delivery), ["lock-token"] = entry.LockToken });
            if (settles)
            {
                state.Complete(entry.LockToken, now);
            }
        }

        return new(200, "OK", Body: new Map { ["messages"] = messages });
    };

    private Func<Response> Peek(long from, int count) => () =>
    {
        var found = broker.State.Queue(queue).Peek(from, Math.Clamp(count, 1, MaxPeek));
        if (found.Count == 0)
        {
            return new(204, "There is no message.");
        }

        var messages = new List();
        long bytes = 0;
        foreach (var entry in found)
        {
            // Fewer than asked for is a proper answer, and the next request goes on behind them.
            if (messages.Count > 0 && (bytes += entry.Encoded.Length) > broker.Options.MaxMessageBytes)
            {
                break;
            }

            var delivery = new Delivery(entry, entry.Encoded, entry.Deliveries + 1, Guid.Empty, LockedUntil: null);
            messages.Add(new Map { ["message"] = MessageEncoding.Write(delivery) });
        }

        return new(200, "OK", Body: new Map { ["messages"] = messages });
    };

    private Func<Response> Schedule(System.Collections.IEnumerable messages)
    {
        var read = messages.Cast<Map>().Select(message => MessageEncoding.Read((byte[])message["message"])).ToArray();
        return () => new(200, "OK", Body: new Map { ["sequence-numbers"] = broker.Enqueue(queue, read) });
    }

    private Func<Response> Cancel(long[] sequences) => () =>
        sequences.Select(sequence => broker.Settle(queue, state => state.CancelScheduled(sequence))).ToArray().All(one => one)
            ? new(200, "OK")
            : new(404, "There is no scheduled message of that sequence number.", BrokerStateException.MessageNotFound);
}
