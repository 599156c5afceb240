using System.Runtime.Intrinsics;
using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Rows;

/// <summary>SwiGluQuantize: silu(gate) * up of rows that still lack their factor, quantised.</summary>
internal sealed unsafe class SwiGluQuantizeKernel : OperatorKernel
{
    private const int LeastValuesPerChunk = 4096;

    private SwiGluQuantizeKernel(KernelEnvironment environment)
        : base(environment)
    {
    }

    public static OperatorDefinition Define(KernelEnvironment environment) => new(
        "SwiGluQuantize",
        [new("GU", ElementType.Float32), new("M", ElementType.Float32)],
        [new("U", ElementType.UInt8), new("MOut", ElementType.Float32)],
        _ => new SwiGluQuantizeKernel(environment));

    public override void Compute(KernelContext context)
    {
        var gateUp = context.Input(0, 2);
        var m = context.Input(1, 2);
        var (rows, width) = (gateUp.Length(0), gateUp.RequireMultiple(1, 2) / 2);
        m.Require(0, rows, "the rows of GU");
        m.Require(1, 1, "one factor a row");

        SwiGluQuantizeWork work = Environment.InstructionSet switch
        {
            InstructionSet.Avx512Vnni => new SwiGluQuantizeWork<Simd512, Vector512<float>>(Environment.Scratch),
            InstructionSet.Avx2 => new SwiGluQuantizeWork<Simd256, Vector256<float>>(Environment.Scratch),
            _ => new SwiGluQuantizeWork<Simd128, Vector128<float>>(Environment.Scratch),
        };
        work.Width = width;
        work.GateUp = (float*)gateUp.Data;
        work.M = (float*)m.Data;
        work.U = (byte*)context.Output(0, rows, width);
        work.MOut = (float*)context.Output(1, rows, 1);
        context.RunRows(work, rows, width, LeastValuesPerChunk, Environment.Threads);
    }
}
