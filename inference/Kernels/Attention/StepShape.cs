using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>The checked sizes and index inputs of one attention run: which rows belong to which sequence, and where their cache lies.</summary>
/// <remarks>Every index that the loops follow is checked here, so that no input, however wrong, leads outside the cache.</remarks>
internal readonly unsafe struct StepShape
{
    private const int Qkv = 0, Factors = 1, Keys = 2, Values = 3, Cumulative = 4, Past = 5, Table = 6, Cosine = 7, Sine = 8;

    private readonly int* _cumulative;
    private readonly int* _past;
    private readonly int* _table;
    private readonly int _maxBlocks;

    private StepShape(KernelContext context, int heads, int kvHeads, bool hasFactors, int shift)
    {
        var qkv = context.Input(Qkv, 2);
        var keys = context.Input(Keys - shift, 4);
        var values = context.Input(Values - shift, 4);
        var cumulative = context.Input(Cumulative - shift, 1);
        var past = context.Input(Past - shift, 1);
        var table = context.Input(Table - shift, 2);
        var cosine = context.Input(Cosine - shift, 2);
        var sine = context.Input(Sine - shift, 2);

        (Tokens, Sequences, Blocks, Positions) = (qkv.Length(0), past.Length(0), keys.Length(0), cosine.Length(0));
        _maxBlocks = table.Length(1);
        HeadSize = keys.RequireMultiple(3, 16);
        qkv.Require(1, (heads + (2L * kvHeads)) * HeadSize, $"{heads} query heads and twice {kvHeads} key heads of {HeadSize}");
        if (hasFactors)
        {
            var factors = context.Input(Factors, 2);
            factors.Require(0, Tokens, "the rows of QKV");
            factors.Require(1, 1, "one factor a row");
        }

        keys.Require(1, BlockPositions, "the positions of a block");
        keys.Require(2, kvHeads, "the key heads");
        for (var dimension = 0; dimension < 4; dimension++)
        {
            values.Require(dimension, keys[dimension], "the same as of the keys");
        }

        cumulative.Require(0, Sequences + 1L, "one more than the sequences");
        table.Require(0, Sequences, "the sequences");
        cosine.Require(1, HeadSize / 2, "half the head size");
        sine.Require(0, Positions, "the rows of cos");
        sine.Require(1, HeadSize / 2, "half the head size");
        _cumulative = (int*)cumulative.Data;
        _past = (int*)past.Data;
        _table = (int*)table.Data;
        Cos = (float*)cosine.Data;
        Sin = (float*)sine.Data;
        CheckIndices();
    }

    /// <summary>How many positions one cache block holds.</summary>
    public const int BlockPositions = 32;

    public int Tokens { get; }

    public int Sequences { get; }

    public int Blocks { get; }

    /// <summary>How many positions the rotary tables cover.</summary>
    public int Positions { get; }

    public int HeadSize { get; }

    /// <summary>[position][half the head size]; so is <see cref="Sin"/>.</summary>
    public float* Cos { get; }

    public float* Sin { get; }

    /// <summary>Reads and checks the inputs of PagedAttention, which has row factors.</summary>
    public static StepShape ReadWithFactors(KernelContext context, int heads, int kvHeads) => new(context, heads, kvHeads, hasFactors: true, shift: 0);

    /// <summary>Reads and checks the inputs of PagedAttentionFloat, which has none.</summary>
    public static StepShape Read(KernelContext context, int heads, int kvHeads) => new(context, heads, kvHeads, hasFactors: false, shift: 1);

    public int First(int sequence) => _cumulative[sequence];

    public int Count(int sequence) => _cumulative[sequence + 1] - _cumulative[sequence];

    /// <summary>How many positions of the sequence are in the cache before this step.</summary>
    public int PastOf(int sequence) => _past[sequence];

    /// <summary>The sequence's cache blocks, of which only those up to its last position are checked.</summary>
    public int* TableOf(int sequence) => _table + ((long)sequence * _maxBlocks);

    private void CheckIndices()
    {
        if (_cumulative[0] != 0 || _cumulative[Sequences] != Tokens)
        {
            throw new OperatorInputException(
                $"cumulative_sequence_lengths runs from {_cumulative[0]} to {_cumulative[Sequences]}; it must run from 0 to the {Tokens} rows of QKV.");
        }

        for (var s = 0; s < Sequences; s++)
        {
            if (_cumulative[s + 1] < _cumulative[s] || _cumulative[s + 1] > Tokens)
            {
                throw new OperatorInputException(
                    $"cumulative_sequence_lengths[{s + 1}] is {_cumulative[s + 1]}; it must be {_cumulative[s]} to {Tokens}, since lengths are not negative.");
            }

            CheckSequence(s, _past[s], Count(s));
        }
    }

    private void CheckSequence(int sequence, int past, int count)
    {
        if (past < 0)
        {
            throw new OperatorInputException($"past_sequence_lengths[{sequence}] is {past}; it must not be negative.");
        }

        if (count == 0)
        {
            return;
        }

        var length = (long)past + count;
        if (length > (long)_maxBlocks * BlockPositions)
        {
            throw new OperatorInputException(
                $"sequence {sequence} has {past} past and {count} new positions; its {_maxBlocks} blocks of {BlockPositions} hold fewer.");
        }

        if (length > Positions)
        {
            throw new OperatorInputException(
                $"sequence {sequence} has {past} past and {count} new positions; the model's context ends at {Positions}.");
        }

        var table = TableOf(sequence);
        for (var i = 0; i < (length + BlockPositions - 1) / BlockPositions; i++)
        {
            if ((uint)table[i] >= (uint)Blocks)
            {
                throw new OperatorInputException($"block_table[{sequence},{i}] is {table[i]}; the cache has blocks 0 to {Blocks - 1}.");
            }
        }
    }
}
