using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Kernels;

/// <summary>One node's operator: made with the session, run many times, possibly by several threads at once.</summary>
internal abstract class OperatorKernel : IDisposable
{
    private readonly KernelEnvironment _environment;

    protected OperatorKernel(KernelEnvironment environment)
    {
        _environment = environment;
        environment.Enter();
    }

    protected KernelEnvironment Environment => _environment;

    /// <exception cref="OperatorInputException">An input's shape or content is not what the operator needs.</exception>
    public abstract void Compute(KernelContext context);

    public void Dispose() => _environment.Leave();
}
