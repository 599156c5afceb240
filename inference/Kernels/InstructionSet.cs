namespace Serverless.Inference.Kernels;

/// <summary>The vector instructions that the operators are built from.</summary>
public enum InstructionSet
{
    /// <summary>The widest that this processor has.</summary>
    Auto,

    /// <summary>512-bit vectors with integer dot products.</summary>
    Avx512Vnni,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>128-bit vectors without anything of one processor family.</summary>
    Portable,
}
