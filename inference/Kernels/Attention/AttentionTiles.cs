using System.Runtime.InteropServices;
using Serverless.Inference.Kernels.Code;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Scores of some query rows against all cached keys of one key head. Assembled code reads it by offsets, eight bytes a field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreTile
{
    /// <summary>Rows of a head's size, one after the other.</summary>
    public float* Queries;

    /// <summary>Where each block's keys of this head lie, [16-key group][dimension][16 keys], bfloat16; then what is read after them.</summary>
    public ushort** Blocks;

    public long BlockCount;

    /// <summary>Rows of BlockCount * 32 scores.</summary>
    public float* Scores;

    public long ScoreStrideBytes;
}

/// <summary>Sums of cached values, weighted by some rows of scores. Assembled code reads it by offsets, eight bytes a field.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MixTile
{
    public float* Weights;

    public long WeightStrideBytes;

    /// <summary>Where each block's values of this head lie, [position][dimension], bfloat16; then what is read after them.</summary>
    public ushort** Blocks;

    /// <summary>How many positions to sum, at least 1.</summary>
    public long Keys;

    /// <summary>Rows of a head's size, from the first dimension that this call sums.</summary>
    public float* Output;

    /// <summary>What each row's sums are multiplied by at the end.</summary>
    public float* Factors;

    /// <summary>The first dimension's place in a row of values.</summary>
    public long ValueOffsetBytes;
}

/// <summary>The two products of attention for one head size; each row's sums run in the order of dimensions and of positions.</summary>
internal abstract unsafe class AttentionTiles
{
    /// <summary>The most rows that one call takes.</summary>
    public abstract int MaxRows { get; }

    public static AttentionTiles For(KernelEnvironment environment, int headSize) => environment.InstructionSet switch
    {
        InstructionSet.Avx512Vnni => new AssembledAttentionTiles(environment.Code, AttentionAssembler.Avx512, headSize),
        InstructionSet.Avx2 => new AssembledAttentionTiles(environment.Code, AttentionAssembler.Avx2, headSize),
        _ => new PortableAttentionTiles(headSize),
    };

    public abstract void Score(ScoreTile* tile, int rows);

    /// <summary>Sums all dimensions of a head.</summary>
    public abstract void Mix(MixTile* tile, int rows);
}

/// <summary>Loops that are assembled when first needed.</summary>
internal sealed unsafe class AssembledAttentionTiles(CodeCache cache, AttentionAssembler assembler, int headSize) : AttentionTiles
{
    private readonly nint[] _score = new nint[assembler.MaxRows + 1];
    private readonly nint[] _mix = new nint[(assembler.MaxRows + 1) * (AttentionAssembler.MaxMixColumns + 1)];

    public override int MaxRows => assembler.MaxRows;

    public override void Score(ScoreTile* tile, int rows)
    {
        if (_score[rows] == 0)
        {
            _score[rows] = cache.Find(new(assembler.ScoreFamily, rows, 0, headSize), assembler.AssembleScore);
        }

        ((delegate* unmanaged[Cdecl, SuppressGCTransition]<ScoreTile*, void>)_score[rows])(tile);
    }

    public override void Mix(MixTile* tile, int rows)
    {
        var vectors = headSize / assembler.Width;
        var (first, step) = ((nint)tile->Output, assembler.MixColumns(rows));
        for (var vector = 0; vector < vectors; vector += step)
        {
            tile->Output = (float*)first + (vector * assembler.Width);
            tile->ValueOffsetBytes = vector * assembler.Width * sizeof(ushort);
            ((delegate* unmanaged[Cdecl, SuppressGCTransition]<MixTile*, void>)MixLoop(rows, Math.Min(step, vectors - vector)))(tile);
        }
    }

    private nint MixLoop(int rows, int columns)
    {
        ref var loop = ref _mix[(rows * (AttentionAssembler.MaxMixColumns + 1)) + columns];
        if (loop == 0)
        {
            loop = cache.Find(new(assembler.MixFamily, rows, columns, headSize), assembler.AssembleMix);
        }

        return loop;
    }
}
