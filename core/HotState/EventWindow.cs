namespace Serverless.Core.HotState;

/// <summary>The events that were heard and not yet read: a ring of bounded count and bytes from the next number on.</summary>
/// <remarks>What does not fit is dropped and remembered as missed; the list in Redis has it.</remarks>
internal sealed class EventWindow(long next)
{
    private const int Slots = 128;
    private const int MostBytes = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly byte[]?[] _slots = new byte[]?[Slots];
    private int _held;
    private int _bytes;
    private bool _missed;

    public long Next { get; private set; } = next;

    /// <summary>Whether an event beyond the next is known while the next itself was not heard.</summary>
    public bool HasGap
    {
        get
        {
            lock (_lock)
            {
                return (_missed || _held > 0) && _slots[Next % Slots] is null;
            }
        }
    }

    /// <summary>Holds an event for the reader, in whatever order events are heard.</summary>
    public void Hear(long number, byte[] payload)
    {
        lock (_lock)
        {
            if (number < Next)
            {
                return;
            }

            if (number >= Next + Slots || (_bytes + payload.Length > MostBytes && _held > 0))
            {
                _missed = true;
                return;
            }

            ref var slot = ref _slots[number % Slots];
            if (slot is null)
            {
                slot = payload;
                _held++;
                _bytes += payload.Length;
            }
        }
    }

    /// <summary>Takes the events that follow each other from the next on.</summary>
    public List<byte[]> Take()
    {
        lock (_lock)
        {
            var taken = new List<byte[]>(Math.Min(_held, 16));
            while (_slots[Next % Slots] is { } payload)
            {
                taken.Add(payload);
                Advance();
            }

            return taken;
        }
    }

    /// <summary>Forgets that events were missed: the list is about to be read.</summary>
    public void ClearMissed()
    {
        lock (_lock)
        {
            _missed = false;
        }
    }

    /// <summary>Moves past events that were read from the list.</summary>
    public void Skip(int count)
    {
        lock (_lock)
        {
            for (var i = 0; i < count; i++)
            {
                Advance();
            }
        }
    }

    private void Advance()
    {
        ref var slot = ref _slots[Next % Slots];
        if (slot is not null)
        {
            _held--;
            _bytes -= slot.Length;
            slot = null;
        }

        Next++;
    }
}
