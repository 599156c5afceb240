using System.Runtime.Intrinsics;
using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>PagedAttention: rotates and caches this step's keys and values, attends, and quantises the result.</summary>
internal sealed unsafe class PagedAttentionKernel : OperatorKernel
{
    /// <summary>More heads than any model has; it keeps the sizes within range.</summary>
    public const int MostHeads = 4096;

    private const int LeastPreparedPerChunk = 2048;
    private const int LeastFinishedPerChunk = 8192;

    // Fewer products of a query and a key than this are done sooner than another thread wakes.
    private const long DotProductsPerTask = 1024;

    private readonly int _heads;
    private readonly int _kvHeads;
    private readonly float _scale;
    private readonly float _epsilon;
    private readonly Lock _gate = new();
    private AttentionTiles? _tiles;
    private int _tilesHeadSize;

    private PagedAttentionKernel(KernelEnvironment environment, int heads, int kvHeads, float scale, float epsilon)
        : base(environment) => (_heads, _kvHeads, _scale, _epsilon) = (heads, kvHeads, scale, epsilon);

    public static OperatorDefinition Define(KernelEnvironment environment) => new(
        "PagedAttention",
        [
            new("QKV", ElementType.Float32), new("M", ElementType.Float32), new("K", ElementType.BFloat16), new("V", ElementType.BFloat16),
            new("cumulative_sequence_lengths", ElementType.Int32), new("past_sequence_lengths", ElementType.Int32),
            new("block_table", ElementType.Int32), new("cos", ElementType.Float32), new("sin", ElementType.Float32), .. HeadAdjustment.Inputs,
        ],
        [new("U", ElementType.UInt8), new("MOut", ElementType.Float32), new("KOut", ElementType.BFloat16), new("VOut", ElementType.BFloat16)],
        attributes =>
        {
            var (heads, kvHeads) = ReadHeads(attributes);
            return new PagedAttentionKernel(environment, heads, kvHeads, attributes.Float("scale"), attributes.Float("epsilon"));
        });

    /// <summary>Reads num_heads and kv_num_heads.</summary>
    /// <exception cref="OperatorInputException">The first is no multiple of the second.</exception>
    public static (int Heads, int KvHeads) ReadHeads(KernelAttributes attributes)
    {
        var heads = attributes.Integer("num_heads", 1, MostHeads);
        var kvHeads = attributes.Integer("kv_num_heads", 1, MostHeads);
        return heads % kvHeads == 0
            ? (heads, kvHeads)
            : throw new OperatorInputException($"num_heads is {heads}; it must be a multiple of kv_num_heads, {kvHeads}.");
    }

    public override void Compute(KernelContext context)
    {
        var shape = StepShape.ReadWithFactors(context, _heads, _kvHeads);
        var width = _heads * shape.HeadSize;
        var run = new AttentionRun(shape, _heads, _kvHeads, _scale, Tiles(shape.HeadSize), Environment.Scratch)
        {
            Qkv = (float*)context.Input(0, 2).Data,
            M = (float*)context.Input(1, 2).Data,
            Keys = (ushort*)CacheOutputs.Bind(context, input: 2, output: 2),
            Values = (ushort*)CacheOutputs.Bind(context, input: 3, output: 3),
            U = (byte*)context.Output(0, shape.Tokens, width),
            MOut = (float*)context.Output(1, shape.Tokens, 1),
            Adjustment = HeadAdjustment.Read(context, _heads + (2 * _kvHeads), shape.HeadSize, _epsilon),
        };
        switch (Environment.InstructionSet)
        {
            case InstructionSet.Avx512Vnni:
                Run<Simd512, Vector512<float>>(context, run, width);
                break;
            case InstructionSet.Avx2:
                Run<Simd256, Vector256<float>>(context, run, width);
                break;
            default:
                Run<Simd128, Vector128<float>>(context, run, width);
                break;
        }
    }

    private void Run<S, V>(KernelContext context, AttentionRun run, int width)
        where S : ISimd<V>
        where V : struct
    {
        var scratch = Environment.Scratch.Rent(run.ScratchBytes);
        run.LayOut(scratch.Pointer);
        context.RunRows(new PrepareWork<S, V>(run), run.Shape.Tokens, width, LeastPreparedPerChunk, Environment.Threads);

        // A task must have some work, but the items are taken one by one, since their lengths differ.
        var tasks = (int)Math.Clamp(run.DotProducts / DotProductsPerTask, 1, Environment.Threads);
        context.Run(new AttendWork<S, V>(run), run.ItemCount, 1, tasks);
        context.RunRows(new FinishWork<S, V>(run), run.Shape.Tokens, width, LeastFinishedPerChunk, Environment.Threads);
        Environment.Scratch.Return(scratch);
    }

    // The head size is the cache's, so that it is known when the first run comes.
    private AttentionTiles Tiles(int headSize)
    {
        lock (_gate)
        {
            if (_tiles is null || _tilesHeadSize != headSize)
            {
                (_tiles, _tilesHeadSize) = (AttentionTiles.For(Environment, headSize), headSize);
            }

            return _tiles;
        }
    }
}
