using Serverless.Inference.Kernels.Code;

namespace Serverless.Inference.Kernels;

/// <summary>What the kernels of one registration share: the instruction set, assembled code and scratch memory.</summary>
/// <remarks>Code and memory are freed when the last kernel that entered has left.</remarks>
internal sealed class KernelEnvironment(InstructionSet instructionSet, int threads)
{
    private readonly Lock _gate = new();
    private int _kernels;

    /// <summary>Never <see cref="InstructionSet.Auto"/>.</summary>
    public InstructionSet InstructionSet => instructionSet;

    /// <summary>How many threads a session gives to one operator.</summary>
    public int Threads => threads;

    public CodeCache Code { get; } = new();

    public ScratchPool Scratch { get; } = new();

    public void Enter()
    {
        lock (_gate)
        {
            _kernels++;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_kernels == 0)
            {
                Code.Clear();
                Scratch.Clear();
            }
        }
    }
}
