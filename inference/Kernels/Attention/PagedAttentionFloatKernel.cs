using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>PagedAttentionFloat: attention of the unquantised graph, with a float cache of [block][position][key head][dimension].</summary>
internal sealed unsafe class PagedAttentionFloatKernel : OperatorKernel
{
    private readonly int _heads;
    private readonly int _kvHeads;
    private readonly float _scale;

    private PagedAttentionFloatKernel(KernelEnvironment environment, int heads, int kvHeads, float scale)
        : base(environment) => (_heads, _kvHeads, _scale) = (heads, kvHeads, scale);

    public static OperatorDefinition Define(KernelEnvironment environment) => new(
        "PagedAttentionFloat",
        [
            new("QKV", ElementType.Float32), new("K", ElementType.Float32), new("V", ElementType.Float32),
            new("cumulative_sequence_lengths", ElementType.Int32), new("past_sequence_lengths", ElementType.Int32),
            new("block_table", ElementType.Int32), new("cos", ElementType.Float32), new("sin", ElementType.Float32),
        ],
        [new("Y", ElementType.Float32), new("KOut", ElementType.Float32), new("VOut", ElementType.Float32)],
        attributes =>
        {
            var (heads, kvHeads) = PagedAttentionKernel.ReadHeads(attributes);
            return new PagedAttentionFloatKernel(environment, heads, kvHeads, attributes.Float("scale"));
        });

    public override void Compute(KernelContext context)
    {
        var shape = StepShape.Read(context, _heads, _kvHeads);
        var run = new FloatAttention(shape, _heads, _kvHeads, _scale)
        {
            Qkv = (float*)context.Input(0, 2).Data,
            Keys = (float*)CacheOutputs.Bind(context, input: 1, output: 1),
            Values = (float*)CacheOutputs.Bind(context, input: 2, output: 2),
            Y = (float*)context.Output(0, shape.Tokens, _heads * shape.HeadSize),
        };

        // All keys and values of the step are in the cache before the first row attends.
        for (var sequence = 0; sequence < shape.Sequences; sequence++)
        {
            for (var i = 0; i < shape.Count(sequence); i++)
            {
                run.Cache(sequence, i);
            }
        }

        context.Run(new Attend(run), shape.Tokens * _heads, 1, Environment.Threads);
    }

    private sealed class Attend(FloatAttention run) : ParallelWork
    {
        protected override void Run(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                run.Attend(i);
            }
        }
    }
}
