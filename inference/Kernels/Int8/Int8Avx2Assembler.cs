using Iced.Intel;
using Serverless.Inference.Kernels.Code;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>Assembles integer tiles of one panel with AVX2.</summary>
/// <remarks>
/// The byte product vpmaddubsw saturates, so both sides are widened to 16 bits first, where vpmaddwd is exact. A sum
/// register holds four columns, each in two parts that are added at the end.
/// </remarks>
internal static class Int8Avx2Assembler
{
    private const int SumsPerRow = 4;

    private static readonly AssemblerRegisterYMM[] Y =
        [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];

    public static byte[] Assemble(CodeKey key) => Function.Assemble(a => Body(a, key.Rows, key.Length));

    private static void Body(Assembler a, int rows, int depth)
    {
        AssemblerRegisterYMM Sum(int row, int part) => Y[(row * SumsPerRow) + part];
        AssemblerRegisterYMM Activations(int row) => Y[(rows * SumsPerRow) + row];
        var weights = ymm14;
        var product = ymm15;

        // 1. Sums over the depth.
        a.mov(rax, __qword_ptr[Function.Argument]);
        a.mov(rdx, __qword_ptr[Function.Argument + 8]);
        a.mov(r8d, depth / 4);
        for (var i = 0; i < rows * SumsPerRow; i++)
        {
            a.vpxor(Y[i], Y[i], Y[i]);
        }

        var loop = a.CreateLabel();
        a.Label(ref loop);
        for (var row = 0; row < rows; row++)
        {
            var lane = row == 0 ? xmm14 : xmm15;
            a.vmovd(lane, __dword_ptr[rax + (row * depth)]);
            a.vpmovzxbw(lane, lane);
            a.vpbroadcastq(Activations(row), lane);
        }

        for (var part = 0; part < SumsPerRow; part++)
        {
            a.vpmovsxbw(weights, __xmmword_ptr[rdx + (part * 16)]);
            for (var row = 0; row < rows; row++)
            {
                a.vpmaddwd(product, weights, Activations(row));
                a.vpaddd(Sum(row, part), Sum(row, part), product);
            }
        }

        a.add(rax, 4);
        a.add(rdx, 64);
        a.dec(r8d);
        a.jnz(loop);

        // 2. The two parts of each column come together, and the columns into order.
        a.mov(rax, __qword_ptr[Function.Argument + 16]);
        a.mov(rdx, __qword_ptr[Function.Argument + 24]);
        a.mov(rcx, __qword_ptr[Function.Argument + 32]);
        a.mov(r9, __qword_ptr[Function.Argument + 40]);
        for (var row = 0; row < rows; row++)
        {
            for (var half = 0; half < 2; half++)
            {
                var sum = Sum(row, 2 * half);
                a.vphaddd(sum, sum, Sum(row, (2 * half) + 1));
                a.vpermq(sum, sum, 0b11_01_10_00);

                // 3. Correct, scale and store.
                a.vpsubd(sum, sum, __ymmword_ptr[rax + (half * 32)]);
                a.vcvtdq2ps(sum, sum);
                a.vmulps(sum, sum, __ymmword_ptr[rdx + (half * 32)]);
                a.vmovups(__ymmword_ptr[rcx + (half * 32)], sum);
            }

            a.add(rcx, r9);
        }
    }
}
