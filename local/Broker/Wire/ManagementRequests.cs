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
            "com.microsoft:renew-lock" => Renew((Guid[])body["lock-tokens"]),
            "com.microsoft:update-disposition" => Update((Guid[])body["lock-tokens"], body),
            "com.microsoft:peek-message" => Peek((long)body["from-sequence-number"], (int)body["message-count"]),
            "com.microsoft:schedule-message" => Schedule((System.Collections.IEnumerable)body["messages"]),
            "com.microsoft:cancel-scheduled-message" => Cancel((long[])body["sequence-numbers"]),
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

    private Func<Response> Update(Guid[] tokens, Map body)
    {
        var status = body["disposition-status"] as string;
        var (reason, description) = (body["deadletter-reason"] as string, body["deadletter-description"] as string);
        Func<QueueState, Guid, DateTimeOffset, bool> settle = status switch
        {
            "completed" => (state, token, now) => state.Complete(token, now),
            "abandoned" => (state, token, now) => state.Abandon(token, now),
            "suspended" => (state, token, now) => state.DeadLetter(token, reason, description, now),
            _ => throw new BrokerStateException(BrokerStateException.NotImplemented, $"The disposition '{status}' is not supported here."),
        };
        return () =>
        {
            var now = broker.Time.GetUtcNow();
            var held = tokens.Select(token => broker.Settle(queue, state => settle(state, token, now))).ToArray();
            return held.All(one => one) ? new(200, "OK") : LockLost();
        };
    }

    private Func<Response> Peek(long from, int count) => () =>
    {
        var found = broker.State.Queue(queue).Peek(from, Math.Clamp(count, 1, MaxPeek));
        if (found.Count == 0)
        {
            return new(204, "There is no message.");
        }

        var messages = new List();
        foreach (var entry in found)
        {
            var delivery = new Delivery(entry, entry.Deliveries + 1, Guid.Empty, default);
            messages.Add(new Map { ["message"] = MessageEncoding.Write(delivery) });
        }

        return new(200, "OK", Body: new Map { ["messages"] = messages });
    };

    private Func<Response> Schedule(System.Collections.IEnumerable messages)
    {
        var read = messages.Cast<Map>().Select(message => MessageEncoding.Read((byte[])message["message"])).ToArray();
        return () => new(200, "OK", Body: new Map
        {
            ["sequence-numbers"] = read.Select(message => broker.Enqueue(queue, message.Encoded, message.Facts)).ToArray(),
        });
    }

    private Func<Response> Cancel(long[] sequences) => () =>
        sequences.Select(sequence => broker.Settle(queue, state => state.CancelScheduled(sequence))).ToArray().All(one => one)
            ? new(200, "OK")
            : new(404, "There is no scheduled message of that sequence number.", "com.microsoft:message-not-found");
}
