using System.Collections.Concurrent;

namespace Serverless.Core.Keys;

/// <summary>What this process remembers of keys, valid and unknown ones apart and each bounded in number.</summary>
internal sealed class KeyMemory(TimeProvider clock)
{
    // Guessed keys fill the second only, so that they cannot push out those in use.
    private const int MostKnown = 20_000;
    private const int MostUnknown = 20_000;

    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry> _unknown = new(StringComparer.Ordinal);
    private long _changes;

    /// <summary>Grows with each change that was heard of; a look-up that spans one is not remembered.</summary>
    public long Changes => Volatile.Read(ref _changes);

    public bool TryFind(string hash, TimeSpan knownFor, TimeSpan unknownFor, out KeyRecord? record)
    {
        if (_known.TryGetValue(hash, out var entry) && clock.GetElapsedTime(entry.ReadAt) < knownFor)
        {
            record = entry.Record;
            return true;
        }

        record = null;
        return _unknown.TryGetValue(hash, out entry) && clock.GetElapsedTime(entry.ReadAt) < unknownFor;
    }

    public void Remember(string hash, KeyRecord? record, long changes)
    {
        var (entries, most) = record is null ? (_unknown, MostUnknown) : (_known, MostKnown);
        if (entries.Count >= most)
        {
            entries.Clear();
        }

        entries[hash] = new(record, clock.GetTimestamp());
        if (Changes != changes)
        {
            entries.TryRemove(hash, out _);
        }
    }

    public void Forget(string hash)
    {
        Interlocked.Increment(ref _changes);
        _known.TryRemove(hash, out _);
        _unknown.TryRemove(hash, out _);
    }

    public void Clear()
    {
        Interlocked.Increment(ref _changes);
        _known.Clear();
        _unknown.Clear();
    }

    private readonly record struct Entry(KeyRecord? Record, long ReadAt);
}
