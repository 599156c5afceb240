using Iced.Intel;
using Serverless.Inference.Kernels.Code;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>With AVX-512: 24 sums in registers; a row's float is broadcast as it is multiplied.</summary>
internal sealed class AttentionAssembler512 : AttentionAssembler
{
    private const int FirstWidened = 28;

    private static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    public override int Width => 16;

    public override int MaxRows => 12;

    public override CodeFamily ScoreFamily => CodeFamily.ScoreAvx512;

    public override CodeFamily MixFamily => CodeFamily.MixAvx512;

    public override int MixColumns(int rows) => rows <= 6 ? 4 : 2;

    protected override void Clear(Assembler a, int sums)
    {
        for (var i = 0; i < sums; i++)
        {
            a.vpxord(Z[i], Z[i], Z[i]);
        }
    }

    protected override void MultiplyAdd(Assembler a, AssemblerRegister64 vectors, int[] offsets, AssemblerMemoryOperand[] rows)
    {
        for (var column = 0; column < offsets.Length; column++)
        {
            var widened = Z[FirstWidened + column];
            a.vpmovzxwd(widened, __ymmword_ptr[vectors + offsets[column]]);
            a.vpslld(widened, widened, 16);
        }

        for (var row = 0; row < rows.Length; row++)
        {
            for (var column = 0; column < offsets.Length; column++)
            {
                a.vfmadd231ps(Z[(row * offsets.Length) + column], Z[FirstWidened + column], __dword_bcst[rows[row]]);
            }
        }
    }

    protected override void Store(Assembler a, AssemblerMemoryOperand target, int sum) => a.vmovups(__zmmword_ptr[target], Z[sum]);

    protected override void StoreScaled(Assembler a, AssemblerMemoryOperand target, AssemblerMemoryOperand factor, int sum)
    {
        a.vmulps(Z[sum], Z[sum], __dword_bcst[factor]);
        a.vmovups(__zmmword_ptr[target], Z[sum]);
    }
}
