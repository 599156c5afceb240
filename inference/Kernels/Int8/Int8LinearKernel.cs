using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>Int8Linear: 8-bit activations times packed 8-bit weights, to float, without the rows' factors.</summary>
internal sealed unsafe class Int8LinearKernel : OperatorKernel
{
    // Fewer multiplications than this are done sooner than another thread wakes.
    private const long MultiplicationsPerChunk = 128 * 1024;

    private readonly Int8Loops _loops;
    private readonly int _outputs;

    private Int8LinearKernel(KernelEnvironment environment, int outputs)
        : base(environment)
    {
        _loops = Int8Loops.For(environment);
        _outputs = outputs;
    }

    public static OperatorDefinition Define(KernelEnvironment environment) => new(
        "Int8Linear",
        [new("A", ElementType.UInt8), new("W", ElementType.Int8), new("C", ElementType.Int32), new("S", ElementType.Float32)],
        [new("Y", ElementType.Float32)],
        attributes => new Int8LinearKernel(environment, attributes.Integer("outputs", 1, int.MaxValue - 15)));

    public override void Compute(KernelContext context)
    {
        var activations = context.Input(0, 2);
        var weights = context.Input(1, 4);
        var corrections = context.Input(2, 1);
        var scales = context.Input(3, 1);
        var depth = activations.RequireMultiple(1, 4);
        var padded = (_outputs + 15L) / 16 * 16;
        weights.Require(0, padded / 16, $"one panel for each 16 of the {_outputs} outputs");
        weights.Require(1, depth / 4, $"a quarter of the {depth} columns of A");
        weights.Require(2, 16, "the columns of a panel");
        weights.Require(3, 4, "the weights of one step");
        corrections.Require(0, padded, "the outputs in whole panels");
        scales.Require(0, padded, "the outputs in whole panels");

        var rows = activations.Length(0);
        var work = new Int8LinearWork(_loops, rows, _outputs, depth)
        {
            Activations = (byte*)activations.Data,
            Weights = (sbyte*)weights.Data,
            Corrections = (int*)corrections.Data,
            Scales = (float*)scales.Data,
            Output = (float*)context.Output(0, rows, _outputs),
        };
        if (rows > 0)
        {
            // Several chunks a thread, so that a thread which is held up delays the others little.
            var worth = (int)Math.Min(work.Groups, MultiplicationsPerChunk / ((long)rows * depth * 16 * _loops.MaxPanels) + 1);
            context.Run(work, work.Groups, Math.Max(worth, work.Groups / (Environment.Threads * 8)), Environment.Threads);
        }
    }
}
