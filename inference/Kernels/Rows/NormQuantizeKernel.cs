using System.Runtime.Intrinsics;
using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Rows;

/// <summary>NormQuantize: adds a block's output to the residual, and quantises the sum with its RMS norm in the row's factor.</summary>
internal sealed unsafe class NormQuantizeKernel : OperatorKernel
{
    private const int LeastValuesPerChunk = 8192;

    private readonly float _epsilon;

    private NormQuantizeKernel(KernelEnvironment environment, float epsilon)
        : base(environment) => _epsilon = epsilon;

    public static OperatorDefinition Define(KernelEnvironment environment) => new(
        "NormQuantize",
        [new("X", ElementType.Float32), new("Acc", ElementType.Float32, Optional: true), new("M", ElementType.Float32, Optional: true)],
        [new("XOut", ElementType.Float32), new("U", ElementType.UInt8), new("MOut", ElementType.Float32)],
        attributes => new NormQuantizeKernel(environment, attributes.Float("epsilon")));

    public override void Compute(KernelContext context)
    {
        var x = context.Input(0, 2);
        var (rows, width) = (x.Length(0), x.RequireMultiple(1, 1));
        var acc = context.OptionalInput(1, 2);
        var m = context.OptionalInput(2, 2);
        if (acc is null != m is null)
        {
            throw new OperatorInputException("Acc and M belong together; give both or neither.");
        }

        acc?.Require(0, rows, "the rows of X");
        acc?.Require(1, width, "the columns of X");
        m?.Require(0, rows, "the rows of X");
        m?.Require(1, 1, "one factor a row");

        NormQuantizeWork work = Environment.InstructionSet switch
        {
            InstructionSet.Avx512Vnni => new NormQuantizeWork<Simd512, Vector512<float>>(),
            InstructionSet.Avx2 => new NormQuantizeWork<Simd256, Vector256<float>>(),
            _ => new NormQuantizeWork<Simd128, Vector128<float>>(),
        };
        work.Width = width;
        work.Epsilon = _epsilon;
        work.X = (float*)x.Data;
        work.Acc = acc is { } a ? (float*)a.Data : null;
        work.M = m is { } factors ? (float*)factors.Data : null;
        work.XOut = (float*)context.Output(0, rows, width);
        work.U = (byte*)context.Output(1, rows, width);
        work.MOut = (float*)context.Output(2, rows, 1);
        context.RunRows(work, rows, width, LeastValuesPerChunk, Environment.Threads);
    }
}
