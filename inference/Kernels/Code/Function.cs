using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Code;

/// <summary>The frame of an assembled function that takes one pointer and returns nothing, for either calling convention.</summary>
/// <remarks>
/// In its body every general register but rsp may change and <see cref="Argument"/> holds the pointer at first.
/// Windows keeps the low halves of xmm6 to xmm15, so they are saved there.
/// </remarks>
internal static class Function
{
    private const int FirstKeptVector = 6;
    private const int KeptVectors = 10;

    private static readonly AssemblerRegister64[] KeptRegisters = [rbx, rbp, rdi, rsi, r12, r13, r14, r15];

    private static readonly AssemblerRegisterXMM[] Vectors =
        [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>The register that holds the function's pointer argument when the body starts.</summary>
    public static AssemblerRegister64 Argument => r10;

    /// <summary>Assembles <paramref name="body"/> for the calling convention of this system.</summary>
    public static byte[] Assemble(Action<Assembler> body) => Assemble(body, OperatingSystem.IsWindows());

    public static byte[] Assemble(Action<Assembler> body, bool windows)
    {
        var a = new Assembler(64);
        foreach (var register in KeptRegisters)
        {
            a.push(register);
        }

        if (windows)
        {
            a.sub(rsp, KeptVectors * 16);
            for (var i = 0; i < KeptVectors; i++)
            {
                a.vmovups(__xmmword_ptr[rsp + (i * 16)], Vectors[FirstKeptVector + i]);
            }
        }

        a.mov(Argument, windows ? rcx : rdi);
        body(a);
        a.vzeroupper();
        if (windows)
        {
            for (var i = 0; i < KeptVectors; i++)
            {
                a.vmovups(Vectors[FirstKeptVector + i], __xmmword_ptr[rsp + (i * 16)]);
            }

            a.add(rsp, KeptVectors * 16);
        }

        foreach (var register in KeptRegisters.Reverse())
        {
            a.pop(register);
        }

        a.ret();
        using var code = new MemoryStream();
        a.Assemble(new StreamCodeWriter(code), 0);
        return code.ToArray();
    }
}
