using Serverless.Inference.Kernels;

namespace Serverless.Inference.Tests.Kernels;

public sealed class PagedAttentionTests
{
    // Head sizes and groups: each size and each group, not all pairs.
    private static readonly (int Heads, int KvHeads, int Size)[] Shapes =
        [(2, 2, 16), (2, 1, 32), (3, 1, 48), (9, 3, 64), (4, 1, 80), (7, 1, 96), (8, 1, 128), (3, 3, 256), (26, 2, 16)];

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void EveryShapeMatchesThePlainCode(string set)
    {
        foreach (var (heads, kvHeads, size) in Shapes)
        {
            using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), heads, kvHeads, size);
            Slice[] prompts = [model.Prompt(1, 1, 9), model.Prompt(2, 45, 4, 2), model.Prompt(3, 17, 7), model.Prompt(4, 32, 5)];
            foreach (var (prompt, result) in prompts.Zip(model.Step(prompts)))
            {
                Check(model, prompt, result);
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void EveryHeadSizeMeetsEveryGroupSize(string set)
    {
        foreach (var size in new[] { 16, 32, 48, 64, 80, 96, 112, 128, 256 })
        {
            for (var group = 1; group <= 8; group++)
            {
                // Two key heads where that costs little; a step of a lone row, of some, and of more than a block.
                var kvHeads = size <= 64 ? 2 : 1;
                using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), group * kvHeads, kvHeads, size);
                Slice[] prompts = [model.Prompt(1, 1, 9), model.Prompt(2, 34, 4, 2), model.Prompt(3, 5, 7)];
                foreach (var (prompt, result) in prompts.Zip(model.Step(prompts)))
                {
                    Check(model, prompt, result);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void EveryCountOfRowsMatchesThePlainCode(string set)
    {
        using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), 6, 2, 32);
        for (var rows = 1; rows <= 40; rows++)
        {
            var prompt = model.Prompt(rows, rows, 3, 1);
            Check(model, prompt, model.Step(prompt)[0]);
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowHasTheSameBitsHoweverItsSequenceIsCutAndWhoeverSharesTheStep(string set)
    {
        foreach (var (heads, kvHeads, size) in Shapes)
        {
            using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), heads, kvHeads, size);
            var prompt = model.Prompt(7, 75, 0, 1, 2);
            var whole = model.Step(prompt)[0];

            // In chunks of uneven length.
            foreach (var (from, to) in new[] { (0, 10), (10, 47), (47, 48), (48, 75) })
            {
                Attended.AssertSameBits(whole.Part(from, to, model.Width), model.Step(prompt.Part(from, to, [10, 11, 12]))[0]);
            }

            // One token at a time, in a batch with others of every length.
            Slice[] others = [model.Prompt(20, 33, 30, 31), model.Prompt(21, 1, 32), model.Prompt(22, 40, 33, 34)];
            for (var i = 0; i < prompt.Rows; i++)
            {
                var step = model.Step([others[i % 3], prompt.Part(i, i + 1, [22, 21, 20]), others[(i + 1) % 3].Part(0, 1)]);
                Attended.AssertSameBits(whole.Part(i, i + 1, model.Width), step[1]);
            }

            // The last rows again, over the cached prefix.
            Attended.AssertSameBits(whole.Part(70, 75, model.Width), model.Step(prompt.Part(70, 75))[0]);
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ABiasAndTheNormsOfHeadsComeBeforeTheRotation(string set)
    {
        foreach (var (hasBias, hasGains) in new[] { (true, false), (false, true), (true, true) })
        {
            foreach (var (heads, kvHeads, size) in Shapes)
            {
                using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), heads, kvHeads, size, hasBias: hasBias, hasGains: hasGains);
                var (prompt, other) = (model.Prompt(2, 45, 4, 2), model.Prompt(3, 17, 7));
                var step = model.Step(prompt, other);
                Check(model, prompt, step[0]);
                Check(model, other, step[1]);
                Attended.AssertSameBits(step[0].Part(41, 45, model.Width), model.Step(other.Part(0, 2), prompt.Part(41, 45))[1]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void AnEmptyStepAndAnEmptySequenceAreNothingSpecial(string set)
    {
        using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), 2, 1, 16);
        var prompt = model.Prompt(1, 5, 3);

        var step = model.Step([prompt.Part(0, 0), prompt, prompt.Part(0, 0)]);
        var nothing = model.Step([], 0, [], [0], [], [], 1);

        Check(model, prompt, step[1]);
        Assert.Empty(step[0].Bytes);
        Assert.Empty(nothing);
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowOfZerosGivesZeroPointsAndNotANumberShowsInItsSequenceOnly(string set)
    {
        using var model = new AttentionModel(Enum.Parse<InstructionSet>(set), 4, 2, 48);
        var (bad, good, zero) = (model.Prompt(1, 9, 3), model.Prompt(2, 20, 4), model.Prompt(3, 2, 5));
        bad.Qkv[100] = float.NaN;
        bad.Factors[4] = float.PositiveInfinity;
        Array.Clear(zero.Qkv);

        var step = model.Step(bad, good, zero);

        Assert.False(float.IsFinite(step[0].Factors[8]));
        Check(model, good, step[1]);
        Assert.All(step[2].Bytes, value => Assert.Equal(128, value));
        Assert.Equal([0f, 0f], step[2].Factors);
    }

    private static void Check(AttentionModel model, Slice prompt, Attended result)
    {
        var expected = PlainAttention.Run(model, prompt, round: true);
        for (var row = 0; row < prompt.Rows; row++)
        {
            // A key or value near the middle of two bfloat16 numbers may be rounded to either: hence the tolerance.
            var largest = expected[row].Max(Math.Abs);
            Assert.Equal(largest, result.Factors[row], 0.004 * largest);
            for (var i = 0; i < model.Width; i++)
            {
                Assert.Equal(expected[row][i], (result.Bytes[(row * model.Width) + i] - 128) * result.Factors[row] / 127, 0.0045 * largest);
            }
        }
    }
}
