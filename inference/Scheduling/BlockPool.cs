namespace Serverless.Inference.Scheduling;

/// <summary>Hands out the blocks of the key/value cache by number, counts who holds them and knows what full ones contain.</summary>
/// <remarks>
/// A block that nobody holds is free. A free block with a key is still found by it, until the pool needs the memory:
/// blocks without a key go first, then the least recently used.
/// </remarks>
internal sealed class BlockPool
{
    /// <summary>Tokens in one block.</summary>
    public const int BlockSize = 32;

    private const int None = -1;
    private readonly int[] _holders;
    private readonly BlockKey?[] _keys;
    private readonly Dictionary<BlockKey, int> _known = [];

    // The free blocks as a list through arrays: taken from the front.
    private readonly int[] _next;
    private readonly int[] _previous;
    private int _front = None;
    private int _back = None;

    public BlockPool(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        _holders = new int[blocks];
        _keys = new BlockKey?[blocks];
        _next = new int[blocks];
        _previous = new int[blocks];
        for (var block = 0; block < blocks; block++)
        {
            AddBack(block);
        }
    }

    public int Count => _holders.Length;

    /// <summary>Blocks that can be taken, those kept as prefix cache included.</summary>
    public int Free { get; private set; }

    /// <summary>Blocks whose content is known by key, held or free.</summary>
    public int Cached => _known.Count;

    public static int BlocksFor(int tokens) => (tokens + BlockSize - 1) / BlockSize;

    /// <summary>Takes an empty block; false when all are held.</summary>
    public bool TryTake(out int block)
    {
        block = _front;
        if (block == None)
        {
            return false;
        }

        Remove(block);
        if (_keys[block] is { } key)
        {
            _known.Remove(key);
            _keys[block] = null;
        }

        _holders[block] = 1;
        return true;
    }

    /// <summary>Finds the block with this content and holds it.</summary>
    public bool TryShare(BlockKey key, out int block)
    {
        if (!_known.TryGetValue(key, out block))
        {
            return false;
        }

        if (_holders[block]++ == 0)
        {
            Remove(block);
        }

        return true;
    }

    /// <summary>Makes a held, fully computed block known by its content; the first block of equal ones stays the known one.</summary>
    public void Publish(int block, BlockKey key)
    {
        if (_holders[block] == 0 || _keys[block] is { } other && other != key)
        {
            throw new InvalidOperationException($"Block {block} is free or holds other tokens; publish a held block once.");
        }

        if (_known.TryAdd(key, block))
        {
            _keys[block] = key;
        }
    }

    /// <summary>Gives back one hold on a block.</summary>
    public void Release(int block)
    {
        if (_holders[block] == 0)
        {
            throw new InvalidOperationException($"Block {block} is free already; every hold is released once.");
        }

        if (--_holders[block] > 0)
        {
            return;
        }

        if (_keys[block] is null)
        {
            AddFront(block);
        }
        else
        {
            AddBack(block);
        }
    }

    /// <summary>Says what does not add up, given all the holds that exist; null when everything does.</summary>
    public string? FindLeak(IEnumerable<int> holds)
    {
        var expected = new int[Count];
        foreach (var block in holds)
        {
            expected[block]++;
        }

        for (var block = 0; block < Count; block++)
        {
            if (expected[block] != _holders[block])
            {
                return $"Block {block} has {_holders[block]} holders on the books and {expected[block]} in fact.";
            }
        }

        var free = expected.Count(holders => holders == 0);
        return free == Free ? null : $"{Free} blocks are free on the books and {free} in fact.";
    }

    private void AddFront(int block)
    {
        (_previous[block], _next[block]) = (None, _front);
        if (_front == None)
        {
            _back = block;
        }
        else
        {
            _previous[_front] = block;
        }

        _front = block;
        Free++;
    }

    private void AddBack(int block)
    {
        (_previous[block], _next[block]) = (_back, None);
        if (_back == None)
        {
            _front = block;
        }
        else
        {
            _next[_back] = block;
        }

        _back = block;
        Free++;
    }

    private void Remove(int block)
    {
        var (previous, next) = (_previous[block], _next[block]);
        if (previous == None)
        {
            _front = next;
        }
        else
        {
            _next[previous] = next;
        }

        if (next == None)
        {
            _back = previous;
        }
        else
        {
            _previous[next] = previous;
        }

        Free--;
    }
}
