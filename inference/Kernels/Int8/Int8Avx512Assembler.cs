using Iced.Intel;
using Serverless.Inference.Kernels.Code;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>Assembles integer tiles with 512-bit dot products: one register holds 16 columns of four weights.</summary>
/// <remarks>
/// Few rows leave registers free; they hold separate sums over every second, fourth or eighth step, so that one sum
/// need not wait for the last. Integer sums are exact in any order.
/// </remarks>
internal static class Int8Avx512Assembler
{
    private const int Registers = 32;
    private const int MostSums = 24;
    private const int PrefetchBytes = 1536;
    private const int MostRowsBoundByMemory = 4;

    private static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    public static byte[] Assemble(CodeKey key) => Function.Assemble(a => Body(a, key.Rows, key.Columns, key.Length));

    private static void Body(Assembler a, int rows, int panels, int depth)
    {
        var steps = depth / 4;
        var chains = 1;
        while (chains < 8 && rows * panels * chains * 2 <= MostSums && steps % (chains * 2) == 0)
        {
            chains *= 2;
        }

        var unrolled = Math.Max(chains, steps % 4 == 0 ? 4 : 1);
        var sums = rows * panels * chains;
        var broadcasts = sums + panels;
        AssemblerRegisterZMM Sum(int row, int panel, int chain) => Z[(((chain * rows) + row) * panels) + panel];
        AssemblerRegisterZMM Weights(int panel) => Z[sums + panel];

        // 1. Sums over the depth.
        a.mov(rax, __qword_ptr[Function.Argument]);
        a.mov(rdx, __qword_ptr[Function.Argument + 8]);
        a.mov(r8d, steps / unrolled);
        for (var i = 0; i < sums; i++)
        {
            a.vpxord(Z[i], Z[i], Z[i]);
        }

        var loop = a.CreateLabel();
        a.Label(ref loop);
        for (var step = 0; step < unrolled; step++)
        {
            for (var panel = 0; panel < panels; panel++)
            {
                var offset = (panel * depth * 16) + (step * 64);
                a.vmovdqu64(Weights(panel), __zmmword_ptr[rdx + offset]);
                if (rows <= MostRowsBoundByMemory)
                {
                    a.prefetcht0(__byte_ptr[rdx + (offset + PrefetchBytes)]);
                }
            }

            for (var row = 0; row < rows; row++)
            {
                var activations = Z[broadcasts + (((step * rows) + row) % (Registers - broadcasts))];
                a.vpbroadcastd(activations, __dword_ptr[rax + ((row * depth) + (step * 4))]);
                for (var panel = 0; panel < panels; panel++)
                {
                    a.vpdpbusd(Sum(row, panel, step % chains), activations, Weights(panel));
                }
            }
        }

        a.add(rax, 4 * unrolled);
        a.add(rdx, 64 * unrolled);
        a.dec(r8d);
        a.jnz(loop);

        // 2. One sum for each row and column.
        for (var half = chains / 2; half >= 1; half /= 2)
        {
            for (var i = 0; i < half * rows * panels; i++)
            {
                a.vpaddd(Z[i], Z[i], Z[i + (half * rows * panels)]);
            }
        }

        // 3. Correct, scale and store.
        a.mov(rax, __qword_ptr[Function.Argument + 16]);
        a.mov(rdx, __qword_ptr[Function.Argument + 24]);
        a.mov(rcx, __qword_ptr[Function.Argument + 32]);
        a.mov(r9, __qword_ptr[Function.Argument + 40]);
        for (var row = 0; row < rows; row++)
        {
            for (var panel = 0; panel < panels; panel++)
            {
                var sum = Sum(row, panel, 0);
                a.vpsubd(sum, sum, __zmmword_ptr[rax + (panel * 64)]);
                a.vcvtdq2ps(sum, sum);
                a.vmulps(sum, sum, __zmmword_ptr[rdx + (panel * 64)]);
                a.vmovups(__zmmword_ptr[rcx + (panel * 64)], sum);
            }

            a.add(rcx, r9);
        }
    }
}
