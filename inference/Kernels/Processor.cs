using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Serverless.Inference.Kernels;

/// <summary>What the processor at hand can do.</summary>
internal static class Processor
{
    /// <summary>The usable instruction sets, widest first.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } = Detect();

    /// <summary>Settles <see cref="InstructionSet.Auto"/>, and refuses what the processor lacks.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks the instruction set asked for.</exception>
    public static InstructionSet Choose(InstructionSet wanted)
    {
        if (wanted is InstructionSet.Auto)
        {
            return Available[0];
        }

        return Available.Contains(wanted)
            ? wanted
            : throw new PlatformNotSupportedException(
                $"Instruction set {wanted} was asked for, but this processor has {string.Join(", ", Available)}. Use {InstructionSet.Auto} or one of these.");
    }

    private static List<InstructionSet> Detect()
    {
        var found = new List<InstructionSet>();

        // Code is assembled for 64-bit x86 only, and macOS wants its own entitlement for memory that becomes executable.
        if (RuntimeInformation.ProcessArchitecture is Architecture.X64 && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()))
        {
            if (Avx512BW.VL.IsSupported && Avx512DQ.IsSupported && HasAvx512Vnni())
            {
                found.Add(InstructionSet.Avx512Vnni);
            }

            if (Avx2.IsSupported && Fma.IsSupported)
            {
                found.Add(InstructionSet.Avx2);
            }
        }

        found.Add(InstructionSet.Portable);
        return found;
    }

    private static bool HasAvx512Vnni() => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
