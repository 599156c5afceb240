using Iced.Intel;
using Serverless.Inference.Kernels.Code;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>With AVX2 and FMA: 12 sums in registers, one broadcast for each row and one widened vector.</summary>
internal sealed class AttentionAssembler256 : AttentionAssembler
{
    private const int FirstBroadcast = 12;

    private static readonly AssemblerRegisterYMM[] Y =
        [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];

    public override int Width => 8;

    public override int MaxRows => 3;

    public override CodeFamily ScoreFamily => CodeFamily.ScoreAvx2;

    public override CodeFamily MixFamily => CodeFamily.MixAvx2;

    public override int MixColumns(int rows) => MaxMixColumns;

    protected override void Clear(Assembler a, int sums)
    {
        for (var i = 0; i < sums; i++)
        {
            a.vpxor(Y[i], Y[i], Y[i]);
        }
    }

    protected override void MultiplyAdd(Assembler a, AssemblerRegister64 vectors, int[] offsets, AssemblerMemoryOperand[] rows)
    {
        for (var row = 0; row < rows.Length; row++)
        {
            a.vbroadcastss(Y[FirstBroadcast + row], __dword_ptr[rows[row]]);
        }

        for (var column = 0; column < offsets.Length; column++)
        {
            a.vpmovzxwd(ymm15, __xmmword_ptr[vectors + offsets[column]]);
            a.vpslld(ymm15, ymm15, 16);
            for (var row = 0; row < rows.Length; row++)
            {
                a.vfmadd231ps(Y[(row * offsets.Length) + column], ymm15, Y[FirstBroadcast + row]);
            }
        }
    }

    protected override void Store(Assembler a, AssemblerMemoryOperand target, int sum) => a.vmovups(__ymmword_ptr[target], Y[sum]);

    protected override void StoreScaled(Assembler a, AssemblerMemoryOperand target, AssemblerMemoryOperand factor, int sum)
    {
        a.vbroadcastss(ymm15, __dword_ptr[factor]);
        a.vmulps(Y[sum], Y[sum], ymm15);
        a.vmovups(__ymmword_ptr[target], Y[sum]);
    }
}
