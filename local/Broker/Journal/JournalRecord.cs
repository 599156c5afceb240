using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Journal;

/// <summary>One change of one queue. The cases are the nested types; there are no others.</summary>
internal abstract record JournalRecord(string Queue)
{
    /// <summary>A message came in, or is still there when the journal was written anew.</summary>
    public sealed record Enqueued(string Queue, Entry Entry) : JournalRecord(Queue);

    public sealed record Delivered(string Queue, long Sequence) : JournalRecord(Queue);

    public sealed record Released(string Queue, long Sequence) : JournalRecord(Queue);

    public sealed record Removed(string Queue, long Sequence) : JournalRecord(Queue);

    public sealed record Sequenced(string Queue, long Last) : JournalRecord(Queue);

    public sealed record Seen(string Queue, UInt128 Id, DateTimeOffset At) : JournalRecord(Queue);

    /// <summary>A scheduled message became visible and went to the end of the queue, under a new number.</summary>
    public sealed record Activated(string Queue, long Sequence, long Next) : JournalRecord(Queue);

    public sealed record Deferred(string Queue, long Sequence) : JournalRecord(Queue);

    /// <summary>A receiver changed the properties of a message.</summary>
    public sealed record Modified(string Queue, Entry Entry) : JournalRecord(Queue);
}
