namespace Serverless.Inference.Kernels;

/// <summary>How the operators of one session run.</summary>
public sealed class KernelOptions
{
    /// <summary>The instructions to use; one that the processor lacks is refused. The default is <see cref="InstructionSet.Auto"/>.</summary>
    public InstructionSet InstructionSet { get; set; } = InstructionSet.Auto;
}
