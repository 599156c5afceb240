namespace Serverless.Inference.Scheduling;

/// <summary>Decides which sequences run in the next step. It owns the queues and knows nothing of the model.</summary>
/// <remarks>
/// Sequences start in order of arrival and the first that does not fit waits, so that nothing is overtaken for ever; only a
/// choice that waits for its leader's prompt lets others pass. A sequence takes the blocks of its prompt when it starts and
/// one more whenever its output fills the last. When there is none left, the youngest running one goes back to waiting.
/// </remarks>
internal sealed class Scheduler(int maxSequences, int maxTokensPerStep, BlockPool pool)
{
    // Both in order of arrival.
    private readonly LinkedList<Sequence> _waiting = new();
    private readonly List<Sequence> _running = [];
    private long _arrivals;

    public bool HasWork => _waiting.Count + _running.Count > 0;

    public int Waiting => _waiting.Count;

    public int Running => _running.Count;

    /// <summary>How often a sequence gave its memory up for an older one.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Says why a sequence can never run; null when it can.</summary>
    public string? Refuse(Sequence sequence)
    {
        // The last token of the output is never computed, so it needs no room.
        var blocks = BlockPool.BlocksFor(sequence.MaxLength - 1);
        return blocks <= pool.Count
            ? null
            : $"The request needs {sequence.MaxLength} tokens ({sequence.PromptTokens} prompt and up to " +
              $"{sequence.MaxLength - sequence.PromptTokens} output), {blocks} blocks of the key/value cache; " +
              $"the whole cache has {pool.Count} ({pool.Count * BlockPool.BlockSize} tokens). Shorten the prompt or ask for fewer tokens.";
    }

    public void Add(Sequence sequence)
    {
        if (Refuse(sequence) is { } reason)
        {
            throw new ArgumentException(reason, nameof(sequence));
        }

        sequence.Arrival = _arrivals++;
        sequence.State = SequenceState.Waiting;
        _waiting.AddLast(sequence);
    }

    /// <summary>Plans one step: makes room for the running, starts the waiting, and shares out the token budget.</summary>
    public StepPlan PlanStep()
    {
        Grow();
        Admit();
        if (_running.Count == 0)
        {
            return StepPlan.Empty;
        }

        var budget = maxTokensPerStep;
        var slices = new List<Slice>(_running.Count);
        // Decodes go first, so a reader who already sees text never waits behind someone's long prompt.
        AddSlices(slices, ref budget, decodes: true);
        AddSlices(slices, ref budget, decodes: false);
        return new(slices);
    }

    /// <summary>Notes that a step has run: its tokens are in the cache and full blocks can be shared.</summary>
    public void Commit(StepPlan plan)
    {
        foreach (var (sequence, start, count, _) in plan.Slices)
        {
            sequence.Computed = start + count;
            for (; (sequence.Published + 1) * BlockPool.BlockSize <= sequence.Computed; sequence.Published++)
            {
                pool.Publish(sequence.Blocks[sequence.Published], sequence.Key(sequence.Published));
            }
        }
    }

    /// <summary>Takes a sequence out, wherever it is, and gives back its blocks.</summary>
    public void Retire(Sequence sequence)
    {
        if (sequence.State == SequenceState.Running)
        {
            _running.Remove(sequence);
        }
        else if (sequence.State == SequenceState.Waiting)
        {
            _waiting.Remove(sequence);
        }

        sequence.State = SequenceState.Ended;
        ReleaseBlocks(sequence);
    }

    /// <summary>Says what is wrong with the books; null when every block is accounted for.</summary>
    public string? FindLeak() => pool.FindLeak(_running.Concat(_waiting).SelectMany(sequence => sequence.Blocks));

    private void AddSlices(List<Slice> slices, ref int budget, bool decodes)
    {
        foreach (var sequence in _running)
        {
            if (budget == 0)
            {
                return;
            }

            if (sequence.Pending == 1 != decodes)
            {
                continue;
            }

            var count = Math.Min(sequence.Pending, budget);
            slices.Add(new(sequence, sequence.Computed, count, count == sequence.Pending));
            budget -= count;
        }
    }

    // The oldest first, so that it is the young who give way.
    private void Grow()
    {
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            while (sequence.State == SequenceState.Running && sequence.Blocks.Count < BlockPool.BlocksFor(sequence.Length))
            {
                if (pool.TryTake(out var block))
                {
                    sequence.Blocks.Add(block);
                }
                else
                {
                    Preempt(_running[^1]);
                }
            }
        }
    }

    private void Preempt(Sequence sequence)
    {
        _running.Remove(sequence);
        ReleaseBlocks(sequence);
        (sequence.Computed, sequence.Published) = (0, 0);
        Preemptions++;
        Queue(sequence);
    }

    private void Queue(Sequence sequence)
    {
        sequence.State = SequenceState.Waiting;
        var next = _waiting.First;
        while (next is not null && next.Value.Arrival < sequence.Arrival)
        {
            next = next.Next;
        }

        _ = next is null ? _waiting.AddLast(sequence) : _waiting.AddBefore(next, sequence);
    }

    private void Admit()
    {
        var node = _waiting.First;
        while (node is not null && _running.Count < maxSequences)
        {
            var (sequence, next) = (node.Value, node.Next);
            if (!WaitsForLeader(sequence))
            {
                if (!TryStart(sequence))
                {
                    return;
                }

                _waiting.Remove(node);
                Run(sequence);
            }

            node = next;
        }
    }

    // An ended leader is no use any more; the next choice then computes the prompt for itself.
    private static bool WaitsForLeader(Sequence sequence) =>
        sequence.Leader is { } leader && leader.State != SequenceState.Ended && leader.Computed < leader.PromptTokens
        && sequence.CachedPromptTokens is null;

    private bool TryStart(Sequence sequence)
    {
        ShareCachedBlocks(sequence);
        var missing = BlockPool.BlocksFor(sequence.Length) - sequence.Blocks.Count;
        // One spare block for each running sequence, so that a newcomer does not start only to be sent back.
        if (missing + _running.Count > pool.Free && (_running.Count > 0 || missing > pool.Free))
        {
            ReleaseBlocks(sequence);
            return false;
        }

        var shared = sequence.Blocks.Count;
        (sequence.Computed, sequence.Published) = (shared * BlockPool.BlockSize, shared);
        sequence.CachedPromptTokens ??= Math.Min(sequence.Computed, sequence.PromptTokens);
        for (; missing > 0 && pool.TryTake(out var block); missing--)
        {
            sequence.Blocks.Add(block);
        }

        return true;
    }

    private void ShareCachedBlocks(Sequence sequence)
    {
        // The last token is always computed: its logits say what comes next.
        var shareable = (sequence.Length - 1) / BlockPool.BlockSize;
        while (sequence.Blocks.Count < shareable && pool.TryShare(sequence.Key(sequence.Blocks.Count), out var block))
        {
            sequence.Blocks.Add(block);
        }
    }

    private void Run(Sequence sequence)
    {
        sequence.State = SequenceState.Running;
        var place = _running.FindIndex(other => other.Arrival > sequence.Arrival);
        _running.Insert(place < 0 ? _running.Count : place, sequence);
    }

    private void ReleaseBlocks(Sequence sequence)
    {
        // From the end, so that under pressure a prefix loses its tail before its head.
        for (var i = sequence.Blocks.Count - 1; i >= 0; i--)
        {
            pool.Release(sequence.Blocks[i]);
        }

        sequence.Blocks.Clear();
    }
}
