using Serverless.Local.Broker.Journal;

namespace Serverless.Local.Broker.State;

/// <summary>One queue: who is ready, locked or scheduled. Every change is written to the journal as it happens.</summary>
/// <remarks>
/// It knows neither AMQP nor threads: one owner calls it, passes the time, and asks for <see cref="NextDue"/>.
/// The heaps may hold entries that have moved on; an entry's state and times say whether it still counts.
/// </remarks>
internal sealed class QueueState(string name, BrokerOptions options, IJournal journal, Func<QueueState> deadLetters)
{
    private const int MinRemoved = 1_000;
    private readonly Dictionary<long, Entry> _entries = [];
    private readonly Dictionary<Guid, Entry> _locked = [];
    private readonly PriorityQueue<Entry, long> _ready = new();
    private readonly PriorityQueue<Entry, DateTimeOffset> _due = new();
    private readonly SeenIds _seen = new(options.DuplicateWindow);
    private int _removed;

    public string Name => name;

    public long LastSequence { get; private set; }

    public long Bytes { get; private set; }

    public int Count => _entries.Count;

    public int ReadyCount => _entries.Values.Count(entry => entry.State == EntryState.Ready);

    public DateTimeOffset? NextDue => _due.TryPeek(out _, out var at) ? at : null;

    /// <summary>Asks for room for all of some messages, so that they come in together or not at all.</summary>
    /// <exception cref="BrokerStateException">The queue is full.</exception>
    public void Demand(IReadOnlyCollection<(byte[] Encoded, MessageFacts Facts)> messages, DateTimeOffset now)
    {
        if (Bytes + messages.Sum(message => (long)message.Encoded.Length) > options.MaxQueueBytes
            && Bytes + messages.Where(message => !_seen.Contains(SeenIds.Hash(message.Facts.Id), now)).Sum(message => (long)message.Encoded.Length) > options.MaxQueueBytes)
        {
            throw new BrokerStateException(
                BrokerStateException.QuotaExceeded,
                $"Queue '{name}' holds {Bytes:N0} bytes and takes {options.MaxQueueBytes:N0}. Receive from it or send later.");
        }
    }

    /// <summary>Keeps a message and returns its sequence number, or 0 when its id was seen within the window.</summary>
    public long Enqueue(byte[] encoded, MessageFacts facts, DateTimeOffset now)
    {
        var id = SeenIds.Hash(facts.Id);
        if (_seen.Contains(id, now))
        {
            return 0;
        }

        var entry = new Entry
        {
            Sequence = LastSequence + 1,
            Encoded = encoded,
            Facts = facts,
            EnqueuedAt = now,
            VisibleAt = facts.ScheduledAt > now ? facts.ScheduledAt.Value : now,
        };
        journal.Write(new JournalRecord.Enqueued(name, entry));
        Restore(entry);
        Place(entry, now);
        return entry.Sequence;
    }

    /// <summary>Hands out the oldest ready message under a new lock; null when there is none.</summary>
    public Entry? Take(DateTimeOffset now)
    {
        while (_ready.TryDequeue(out var entry, out _))
        {
            if (entry.State != EntryState.Ready)
            {
                continue;
            }

            if (entry.ExpiresAt <= now)
            {
                Remove(entry);
                continue;
            }

            return Lock(entry, now);
        }

        return null;
    }

    /// <summary>Hands out a message that was set aside under a new lock; null when there is none of that number.</summary>
    public Entry? TakeDeferred(long sequence, DateTimeOffset now) =>
        Find(sequence) is { State: EntryState.Deferred } entry && !(entry.ExpiresAt <= now) ? Lock(entry, now) : null;

    public bool Complete(Guid token, DateTimeOffset now) => Unlock(token, now) is { } entry && Remove(entry);

    /// <summary>Gives a message back; the delivery counts.</summary>
    public bool Abandon(Guid token, DateTimeOffset now)
    {
        if (Unlock(token, now) is not { } entry)
        {
            return false;
        }

        Place(entry, now);
        return true;
    }

    /// <summary>Gives a message back as if it had not been delivered.</summary>
    public bool Release(Guid token, DateTimeOffset now)
    {
        if (Unlock(token, now) is not { } entry)
        {
            return false;
        }

        entry.Deliveries--;
        journal.Write(new JournalRecord.Released(name, entry.Sequence));
        Place(entry, now);
        return true;
    }

    /// <summary>Sets a message aside, to be taken by its sequence number; the delivery counts.</summary>
    public bool Defer(Guid token, DateTimeOffset now)
    {
        if (Unlock(token, now) is not { } entry)
        {
            return false;
        }

        if (!entry.IsDeferred)
        {
            entry.IsDeferred = true;
            journal.Write(new JournalRecord.Deferred(name, entry.Sequence));
        }

        Place(entry, now);
        return true;
    }

    public bool DeadLetter(Guid token, string? reason, string? description, DateTimeOffset now)
    {
        if (Unlock(token, now) is not { } entry)
        {
            return false;
        }

        Bury(entry, reason, description, now);
        return true;
    }

    /// <summary>Starts the lock anew; null when it ended.</summary>
    public DateTimeOffset? Renew(Guid token, DateTimeOffset now)
    {
        if (Held(token, now) is not { } entry)
        {
            return null;
        }

        Extend(entry, now);
        return entry.LockedUntil;
    }

    /// <summary>The message that a token locks; null when the lock ended.</summary>
    public Entry? Held(Guid token, DateTimeOffset now) =>
        _locked.TryGetValue(token, out var entry) && entry.LockedUntil > now ? entry : null;

    /// <summary>Keeps a message in another encoding.</summary>
    public void Modify(Entry entry, byte[] encoded, MessageFacts facts)
    {
        RestoreModification(entry, encoded, facts);
        journal.Write(new JournalRecord.Modified(name, entry));
    }

    public bool CancelScheduled(long sequence) =>
        _entries.TryGetValue(sequence, out var entry) && entry.State == EntryState.Scheduled && Remove(entry);

    public IReadOnlyList<Entry> Peek(long from, int count) =>
        [.. _entries.Values.Where(entry => entry.Sequence >= from).OrderBy(entry => entry.Sequence).Take(count)];

    /// <summary>Ends the locks, waits and lives whose time has come; true when a message became ready.</summary>
    public bool Advance(DateTimeOffset now)
    {
        var became = false;
        while (_due.TryPeek(out var entry, out var at) && at <= now)
        {
            _due.Dequeue();
            if (entry.State == EntryState.Locked && entry.LockedUntil <= now)
            {
                _locked.Remove(entry.LockToken);
                Place(entry, now);
                became = true;
            }
            else if (entry.State == EntryState.Scheduled && entry.VisibleAt <= now)
            {
                Place(entry, now);
                became = true;
            }
            else if (entry.State is EntryState.Ready or EntryState.Deferred && entry.ExpiresAt <= now)
            {
                Remove(entry);
            }
        }

        return became;
    }

    /// <summary>Puts an entry back as the journal tells, without writing it again.</summary>
    public void Restore(Entry entry)
    {
        LastSequence = Math.Max(LastSequence, entry.Sequence);
        Bytes += entry.Encoded.Length;
        _entries.Add(entry.Sequence, entry);
        if (!QueueName.IsDeadLetter(name))
        {
            RestoreSeen(SeenIds.Hash(entry.Facts.Id), entry.EnqueuedAt);
        }
    }

    public void RestoreSeen(UInt128 id, DateTimeOffset at) => _seen.Add(id, at);

    public void RestoreSequence(long last) => LastSequence = Math.Max(LastSequence, last);

    public void RestoreActivation(Entry entry, long next)
    {
        _entries.Remove(entry.Sequence);
        entry.Sequence = next;
        LastSequence = Math.Max(LastSequence, next);
        entry.EnqueuedAt = entry.VisibleAt;
        _entries.Add(next, entry);
    }

    public void RestoreModification(Entry entry, byte[] encoded, MessageFacts facts)
    {
        Bytes += encoded.Length - entry.Encoded.Length;
        (entry.Encoded, entry.Facts) = (encoded, facts);
    }

    public Entry? Find(long sequence) => _entries.GetValueOrDefault(sequence);

    public void RestoreRemoval(long sequence)
    {
        if (_entries.Remove(sequence, out var entry))
        {
            entry.State = EntryState.Removed;
            Bytes -= entry.Encoded.Length;

            // The heaps may name it for long: until its lock or its life would have ended.
            entry.Encoded = [];
            if (++_removed > Math.Max(MinRemoved, _entries.Count))
            {
                Sweep();
            }
        }
    }

    /// <summary>After recovery: every lock is gone, so each message is placed again.</summary>
    public void PlaceAll(DateTimeOffset now)
    {
        foreach (var entry in _entries.Values.OrderBy(entry => entry.VisibleAt).ThenBy(entry => entry.Sequence).ToArray())
        {
            Place(entry, now);
        }
    }

    /// <summary>The records that make this queue anew.</summary>
    public IEnumerable<JournalRecord> Snapshot(DateTimeOffset now)
    {
        _seen.Forget(now);
        yield return new JournalRecord.Sequenced(name, LastSequence);
        foreach (var (id, at) in _seen.All)
        {
            yield return new JournalRecord.Seen(name, id, at);
        }

        foreach (var entry in _entries.Values)
        {
            yield return new JournalRecord.Enqueued(name, entry);
            if (entry.IsDeferred)
            {
                yield return new JournalRecord.Deferred(name, entry.Sequence);
            }
        }
    }

    private void Place(Entry entry, DateTimeOffset now)
    {
        if (entry.VisibleAt > now)
        {
            entry.State = EntryState.Scheduled;
            _due.Enqueue(entry, entry.VisibleAt);
            return;
        }

        if (entry.EnqueuedAt < entry.VisibleAt)
        {
            // It joins the queue only now, behind those that came while it waited.
            var next = LastSequence + 1;
            journal.Write(new JournalRecord.Activated(name, entry.Sequence, next));
            RestoreActivation(entry, next);
        }

        // A dead letter stays where it is, however often it is looked at.
        if (entry.Deliveries >= options.MaxDeliveryCount && !QueueName.IsDeadLetter(name))
        {
            Bury(entry, "MaxDeliveryCountExceeded", $"Delivered {entry.Deliveries} times without being completed.", now);
            return;
        }

        entry.State = entry.IsDeferred ? EntryState.Deferred : EntryState.Ready;
        if (!entry.IsDeferred)
        {
            _ready.Enqueue(entry, entry.Sequence);
        }

        if (entry.ExpiresAt is { } end)
        {
            _due.Enqueue(entry, end);
        }
    }

    private Entry Lock(Entry entry, DateTimeOffset now)
    {
        entry.Deliveries++;
        entry.State = EntryState.Locked;
        entry.LockToken = Guid.NewGuid();
        _locked.Add(entry.LockToken, entry);
        journal.Write(new JournalRecord.Delivered(name, entry.Sequence));
        Extend(entry, now);
        return entry;
    }

    private void Extend(Entry entry, DateTimeOffset now)
    {
        entry.LockedUntil = now + options.LockDuration;
        _due.Enqueue(entry, entry.LockedUntil);
    }

    private Entry? Unlock(Guid token, DateTimeOffset now) => Held(token, now) is { } entry && _locked.Remove(token) ? entry : null;

    private bool Remove(Entry entry)
    {
        journal.Write(new JournalRecord.Removed(name, entry.Sequence));
        RestoreRemoval(entry.Sequence);
        return true;
    }

    private void Sweep()
    {
        _removed = 0;
        var ready = _ready.UnorderedItems.Where(item => item.Element.State != EntryState.Removed).ToArray();
        _ready.Clear();
        _ready.EnqueueRange(ready);
        var due = _due.UnorderedItems.Where(item => item.Element.State != EntryState.Removed).ToArray();
        _due.Clear();
        _due.EnqueueRange(due);
    }

    private void Bury(Entry entry, string? reason, string? description, DateTimeOffset now)
    {
        if (QueueName.IsDeadLetter(name))
        {
            // A dead letter has nowhere further to go.
            Place(entry, now);
            return;
        }

        var grave = deadLetters();
        var buried = new Entry
        {
            Sequence = grave.LastSequence + 1,
            Encoded = entry.Encoded,
            Facts = entry.Facts with { TimeToLive = null },
            EnqueuedAt = entry.EnqueuedAt,
            VisibleAt = entry.VisibleAt,
            DeadLetterReason = reason,
            DeadLetterDescription = description,
        };

        // The new place is written first: a torn journal then has the message twice rather than not at all.
        journal.Write(new JournalRecord.Enqueued(grave.Name, buried));
        grave.Restore(buried);
        grave.Place(buried, now);
        Remove(entry);
    }
}
