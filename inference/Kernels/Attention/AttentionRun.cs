namespace Serverless.Inference.Kernels.Attention;

/// <summary>Some queries of one sequence that meet the keys of one head together.</summary>
/// <param name="Sequence">The sequence's place in the batch.</param>
/// <param name="KvHead">The key head, which a group of query heads shares.</param>
/// <param name="First">The first query, counted from the sequence's first row of this step.</param>
/// <param name="Count">How many queries.</param>
internal readonly record struct AttentionItem(int Sequence, int KvHead, int First, int Count);

/// <summary>One run of PagedAttention: its tensors and the scratch memory that its three passes share.</summary>
internal sealed unsafe class AttentionRun
{
    // Twelve rows fill the registers of the widest loop.
    private const int RowsPerItem = 12;

    private readonly int _queriesPerItem;

    public AttentionRun(StepShape shape, int heads, int kvHeads, float scale, AttentionTiles tiles, ScratchPool scratch)
    {
        (Shape, Heads, KvHeads, Scale, Tiles, ScratchPool) = (shape, heads, kvHeads, scale, tiles, scratch);
        _queriesPerItem = Math.Max(1, RowsPerItem / Group);
        for (var s = 0; s < shape.Sequences; s++)
        {
            var count = shape.Count(s);
            ItemCount += (count + _queriesPerItem - 1) / _queriesPerItem * kvHeads;
            DotProducts += (long)count * heads * (shape.PastOf(s) + count);
        }
    }

    public StepShape Shape { get; }

    public int Heads { get; }

    public int KvHeads { get; }

    /// <summary>Query heads to a key head.</summary>
    public int Group => Heads / KvHeads;

    public float Scale { get; }

    public AttentionTiles Tiles { get; }

    public ScratchPool ScratchPool { get; }

    public required float* Qkv { get; init; }

    public required float* M { get; init; }

    /// <summary>[block][key head][16-key group][dimension][16 keys], bfloat16.</summary>
    public required ushort* Keys { get; init; }

    /// <summary>[block][key head][position][dimension], bfloat16.</summary>
    public required ushort* Values { get; init; }

    public required byte* U { get; init; }

    public required float* MOut { get; init; }

    public required HeadAdjustment Adjustment { get; init; }

    public int ItemCount { get; }

    /// <summary>At most how many products of a query and a key the run takes.</summary>
    public long DotProducts { get; }

    /// <summary>Rotated and scaled queries, [key head][row][group][dimension]; so is <see cref="Output"/>.</summary>
    public float* Queries { get; private set; }

    public float* Output { get; private set; }

    /// <summary>Each row's sequence.</summary>
    public int* SequenceOf { get; private set; }

    public AttentionItem* Items { get; private set; }

    public long ScratchBytes =>
        ((2L * Shape.Tokens * Heads * Shape.HeadSize) + Shape.Tokens) * sizeof(float) + ((long)ItemCount * sizeof(AttentionItem));

    private long HeadRow => (long)Group * Shape.HeadSize;

    /// <summary>Where a row's queries, or results, for one key head start.</summary>
    public long HeadOffset(int kvHead, int row) => (((long)kvHead * Shape.Tokens) + row) * HeadRow;

    /// <summary>Where one block of one key head starts, in keys and in values.</summary>
    public long CacheOffset(int block, int kvHead) =>
        (((long)block * KvHeads) + kvHead) * StepShape.BlockPositions * Shape.HeadSize;

    /// <summary>Places the shared arrays in scratch memory and lists the items.</summary>
    public void LayOut(byte* memory)
    {
        var floats = (long)Shape.Tokens * Heads * Shape.HeadSize;
        Queries = (float*)memory;
        Output = Queries + floats;
        Items = (AttentionItem*)(Output + floats);
        SequenceOf = (int*)(Items + ItemCount);
        var item = 0;
        for (var s = 0; s < Shape.Sequences; s++)
        {
            var count = Shape.Count(s);
            new Span<int>(SequenceOf + Shape.First(s), count).Fill(s);
            for (var first = 0; first < count; first += _queriesPerItem)
            {
                for (var head = 0; head < KvHeads; head++)
                {
                    Items[item++] = new(s, head, first, Math.Min(_queriesPerItem, count - first));
                }
            }
        }
    }
}
