using Serverless.Inference.Kernels;
using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Tests.Kernels;

/// <summary>An operator that doubles its rows on the session's threads and throws at a negative one.</summary>
internal sealed unsafe class Throwing(KernelEnvironment environment) : OperatorKernel(environment)
{
    public static OperatorDefinition Define()
    {
        var environment = new KernelEnvironment(InstructionSet.Portable, threads: 2);
        return new("Throwing", [new("X", ElementType.Float32)], [new("Y", ElementType.Float32)], _ => new Throwing(environment));
    }

    public override void Compute(KernelContext context)
    {
        var x = context.Input(0, 2);
        var y = context.Output(0, x[0], 1);
        context.Run(new Doubling((float*)x.Data, (float*)y), x.Length(0), 1, Environment.Threads);
    }

    private sealed class Doubling(float* x, float* y) : ParallelWork
    {
        protected override void Run(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                y[i] = x[i] >= 0 ? 2 * x[i] : throw new DivideByZeroException($"row {i} is negative");
            }
        }
    }
}
