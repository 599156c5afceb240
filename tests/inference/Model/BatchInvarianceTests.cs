using System.Runtime.InteropServices;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Model;

/// <summary>A token's logits are the same bits whoever shares the step and however the prompt was cut.</summary>
public sealed class BatchInvarianceTests
{
    private const int Length = 100;

    /// <summary>The shipped model on the best instructions, a tiny one on all that this processor has.</summary>
    public static TheoryData<bool, InstructionSet> Cases
    {
        get
        {
            var cases = new TheoryData<bool, InstructionSet> { { true, InstructionSet.Auto } };
            foreach (var set in Enum.GetValues<InstructionSet>().Where(IsSupported))
            {
                cases.Add(false, set);
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task AChunkedPrefillIsOnePrefill(bool shipped, InstructionSet set)
    {
        using var model = await LoadAsync(shipped, set);
        var chunked = model.Runner.Sequence(model.Tokens());
        model.Runner.Run((chunked, 0, 33));
        model.Runner.Run((chunked, 33, 40));
        AssertSame(model.Whole(), model.Runner.Run((chunked, 73, Length - 73))[0]);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task OneTokenAtATimeIsOnePrefill(bool shipped, InstructionSet set)
    {
        using var model = await LoadAsync(shipped, set);
        var sequence = model.Runner.Sequence(model.Tokens());
        float[] last = [];
        for (var i = 0; i < Length; i++)
        {
            last = model.Runner.Run((sequence, i, 1))[0];
        }

        AssertSame(model.Whole(), last);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task ARaggedBatchChangesNothing(bool shipped, InstructionSet set)
    {
        using var model = await LoadAsync(shipped, set);
        var sequences = Enumerable.Range(0, 8).Select(i => model.Runner.Sequence(i == 3 ? model.Tokens() : model.Tokens(seed: i, length: 5 + (11 * i)))).ToArray();
        AssertSame(model.Whole(), model.Runner.Run([.. sequences.Select(sequence => (sequence, 0, sequence.Length))])[3]);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task ACachedPrefixChangesNothing(bool shipped, InstructionSet set)
    {
        using var model = await LoadAsync(shipped, set);
        var first = model.Runner.Sequence(model.Tokens());
        model.Runner.Run((first, 0, Length));
        var second = model.Runner.Sequence(model.Tokens());
        (second.Blocks[0], second.Blocks[1]) = (first.Blocks[0], first.Blocks[1]);
        AssertSame(model.Whole(), model.Runner.Run((second, 64, Length - 64))[0]);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task ADecodeInABatchOf32ChangesNothing(bool shipped, InstructionSet set)
    {
        using var model = await LoadAsync(shipped, set);
        var sequences = Enumerable.Range(0, 32).Select(i => model.Runner.Sequence(i == 17 ? model.Tokens() : model.Tokens(seed: i, length: 20 + i))).ToArray();
        foreach (var sequence in sequences)
        {
            model.Runner.Run((sequence, 0, sequence.Length - 1));
        }

        AssertSame(model.Whole(), model.Runner.Run([.. sequences.Select(sequence => (sequence, sequence.Length - 1, 1))])[17]);
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task TheNumberOfThreadsChangesNothing(bool shipped, InstructionSet set)
    {
        using var two = await LoadAsync(shipped, set);
        using var one = await LoadAsync(shipped, set, threads: 1);
        AssertSame(two.Whole(), one.Whole());
    }

    private static void AssertSame(float[] expected, float[] actual) =>
        Assert.True(MemoryMarshal.AsBytes<float>(expected).SequenceEqual(MemoryMarshal.AsBytes<float>(actual)), "The logits differ in their bits.");

    private static bool IsSupported(InstructionSet set)
    {
        try
        {
            return Processor.Choose(set) == set;
        }
        catch (PlatformNotSupportedException)
        {
            return false;
        }
    }

    private static async Task<Loaded> LoadAsync(bool shipped, InstructionSet set, int threads = 2)
    {
        var path = shipped ? FixtureFolder.ChatModel : FixtureFolder.File(Path.Combine("tiny-models", "tiny-llama.bf16.gguf"));
        var model = await ModelFolder.ImportAsync(path, ModelPrecision.Quantised);
        return new(new StepRunner(model, new() { InstructionSet = set, Threads = threads }), model.Config.Vocabulary);
    }

    private sealed record Loaded(StepRunner Runner, int Vocabulary) : IDisposable
    {
        public int[] Tokens(int seed = 1_000, int length = Length)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, length).Select(_ => random.Next(Vocabulary))];
        }

        public float[] Whole() => Runner.Run((Runner.Sequence(Tokens()), 0, Length))[0];

        public void Dispose() => Runner.Dispose();
    }
}
