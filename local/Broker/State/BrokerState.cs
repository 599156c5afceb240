using Serverless.Local.Broker.Journal;

namespace Serverless.Local.Broker.State;

/// <summary>All queues of a broker, made at first use and rebuilt from the journal.</summary>
internal sealed class BrokerState(BrokerOptions options, IJournal journal)
{
    private readonly Dictionary<string, QueueState> _queues = new(StringComparer.Ordinal);

    public IReadOnlyCollection<QueueState> Queues => _queues.Values;

    public long Bytes => _queues.Values.Sum(queue => queue.Bytes);

    public DateTimeOffset? NextDue => _queues.Values.Min(queue => queue.NextDue);

    /// <exception cref="BrokerStateException">The name is not valid or not declared.</exception>
    public QueueState Queue(string name) => Named(QueueName.Normalize(name, options));

    /// <summary>Applies one record of an earlier life.</summary>
    public void Restore(JournalRecord record)
    {
        var queue = Named(record.Queue);
        switch (record)
        {
            case JournalRecord.Enqueued enqueued:
                queue.Restore(enqueued.Entry);
                break;
            case JournalRecord.Delivered delivered when queue.Find(delivered.Sequence) is { } entry:
                entry.Deliveries++;
                break;
            case JournalRecord.Released released when queue.Find(released.Sequence) is { } entry:
                entry.Deliveries--;
                break;
            case JournalRecord.Removed removed:
                queue.RestoreRemoval(removed.Sequence);
                break;
            case JournalRecord.Sequenced sequenced:
                queue.RestoreSequence(sequenced.Last);
                break;
            case JournalRecord.Seen seen:
                queue.RestoreSeen(seen.Id, seen.At);
                break;
            case JournalRecord.Activated activated when queue.Find(activated.Sequence) is { } entry:
                queue.RestoreActivation(entry, activated.Next);
                break;
            case JournalRecord.Deferred deferred when queue.Find(deferred.Sequence) is { } entry:
                entry.IsDeferred = true;
                break;
            case JournalRecord.Modified modified when queue.Find(modified.Entry.Sequence) is { } entry:
                queue.RestoreModification(entry, modified.Entry.Encoded, modified.Entry.Facts);
                break;
        }
    }

    /// <summary>Ends the recovery: all that was locked is ready again.</summary>
    public void PlaceAll(DateTimeOffset now)
    {
        foreach (var queue in _queues.Values.ToArray())
        {
            // Burying during recovery may add a queue of dead letters, whose entries place themselves.
            queue.PlaceAll(now);
        }
    }

    public IEnumerable<JournalRecord> Snapshot(DateTimeOffset now) => _queues.Values.SelectMany(queue => queue.Snapshot(now));

    private QueueState Named(string name)
    {
        if (!_queues.TryGetValue(name, out var queue))
        {
            queue = new QueueState(name, options, journal, () => Named(name + QueueName.DeadLetterSuffix));
            _queues.Add(name, queue);
        }

        return queue;
    }
}
