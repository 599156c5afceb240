using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker;

/// <summary>Gives ready messages to the receivers that asked for them, in turn, and never one more than they asked for.</summary>
internal sealed class Dispatcher(Action<Action> afterCommit, TimeProvider time)
{
    private readonly Dictionary<QueueState, List<IConsumer>> _consumers = [];
    private readonly HashSet<QueueState> _changed = [];
    private int _turn;

    public void Add(QueueState queue, IConsumer consumer)
    {
        if (!_consumers.TryGetValue(queue, out var list))
        {
            _consumers.Add(queue, list = []);
        }

        list.Add(consumer);
        _changed.Add(queue);
    }

    public void Remove(QueueState queue, IConsumer consumer)
    {
        if (_consumers.TryGetValue(queue, out var list))
        {
            list.Remove(consumer);
        }
    }

    /// <summary>Says that a queue has new messages or new demand.</summary>
    public void Changed(QueueState queue) => _changed.Add(queue);

    public void Match()
    {
        var now = time.GetUtcNow();
        foreach (var queue in _changed)
        {
            if (_consumers.TryGetValue(queue, out var consumers))
            {
                Match(queue, consumers, now);
            }
        }

        _changed.Clear();
    }

    private void Match(QueueState queue, List<IConsumer> consumers, DateTimeOffset now)
    {
        while (NextWithCredit(consumers) is { } consumer && queue.Take(now) is { } entry)
        {
            consumer.Credit--;
            var delivery = new Delivery(entry, entry.Encoded, entry.Deliveries, entry.LockToken, consumer.SettlesOnSend ? null : entry.LockedUntil);
            if (consumer.SettlesOnSend)
            {
                queue.Complete(entry.LockToken, now);
            }

            afterCommit(() => consumer.Send(delivery));
        }

        foreach (var consumer in consumers.Where(consumer => consumer.IsDraining))
        {
            consumer.Credit = 0;
            consumer.IsDraining = false;
            afterCommit(consumer.AnswerDrain);
        }
    }

    private IConsumer? NextWithCredit(List<IConsumer> consumers)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            var consumer = consumers[(_turn + i) % consumers.Count];
            if (consumer.Credit > 0)
            {
                _turn = (_turn + i + 1) % consumers.Count;
                return consumer;
            }
        }

        return null;
    }
}
