using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;

namespace Serverless.Inference.Tests.Kernels;

public sealed class PagedAttentionFloatTests
{
    private static readonly (int Heads, int KvHeads, int Size)[] Shapes = [(2, 2, 16), (4, 2, 32), (3, 1, 48), (9, 3, 64), (4, 1, 80), (5, 1, 96), (6, 1, 112), (7, 1, 128), (8, 1, 256)];

    // Each head size and each group size.
    [Fact]
    public void EveryShapeMatchesThePlainCode()
    {
        foreach (var (heads, kvHeads, size) in Shapes)
        {
            using var model = new AttentionModel(InstructionSet.Auto, heads, kvHeads, size, quantised: false);
            Slice[] prompts = [model.Prompt(1, 1, 9), model.Prompt(2, 45, 4, 2), model.Prompt(3, 17, 7)];
            foreach (var (prompt, result) in prompts.Zip(model.Step(prompts)))
            {
                var expected = PlainAttention.Run(model, prompt, round: false).SelectMany(row => row).ToArray();
                Assert.Equal(expected.Length, result.Floats.Length);
                Assert.All(expected.Zip(result.Floats), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
        }
    }

    [Fact]
    public void ARowHasTheSameBitsHoweverItsSequenceIsCutAndWhoeverSharesTheStep()
    {
        using var model = new AttentionModel(InstructionSet.Auto, 9, 3, 64, quantised: false);
        var (prompt, other) = (model.Prompt(7, 70, 0, 1, 2), model.Prompt(8, 33, 30, 31));
        var whole = model.Step(prompt)[0];

        var first = model.Step(prompt.Part(0, 41, [11, 10, 12]), other)[0];
        var second = model.Step(other, prompt.Part(41, 70, [11, 10, 12]))[1];

        Attended.AssertSameBits(whole.Part(0, 41, model.Width), first);
        Attended.AssertSameBits(whole.Part(41, 70, model.Width), second);
    }

    [Fact]
    public void ABlockOutsideTheCacheIsAnErrorThatNamesTheOperator()
    {
        using var model = new AttentionModel(InstructionSet.Auto, 2, 1, 16, quantised: false);
        var prompt = model.Prompt(1, 3, AttentionModel.CacheBlocks);

        var error = Assert.Throws<OnnxRuntimeException>(() => model.Step(prompt));

        Assert.Contains("PagedAttentionFloat: block_table[0,0] is 64; the cache has blocks 0 to 63.", error.Message, StringComparison.Ordinal);
        Assert.Single(model.Step(model.Prompt(1, 3, 0)));
    }
}
