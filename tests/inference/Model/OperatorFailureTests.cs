using System.Collections.Concurrent;
using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;
using Serverless.Inference.Tests.Execution;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Model;

/// <summary>An exception inside an operator, thrown amid a real run of ONNX Runtime in a real engine.</summary>
public sealed class OperatorFailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ItFailsTheSequencesOfItsStepWithTheOperatorsWordsAndTheEngineGoesOn(bool quantised)
    {
        var model = await ModelFolder.ImportAsync(FixtureFolder.File(Path.Combine("tiny-models", "tiny-llama.bf16.gguf")), quantised ? ModelPrecision.Quantised : ModelPrecision.Full);
        var ends = new ConcurrentDictionary<string, TaskCompletionSource<(SequenceEnd End, int[] Tokens)>>();
        var tokens = new ConcurrentDictionary<string, List<int>>();
        var runner = new FaultyRunner(ModelRunner.Load(model, new()), plan => plan.Slices.Any(slice => slice.Sequence.Length == 40));
        await using var engine = InferenceEngine.Start(runner, request => new FakeText(request), new(), OnStep, TimeProvider.System);
        Task<(SequenceEnd End, int[] Tokens)> RunAsync(string id, int length)
        {
            Assert.True(engine.TrySubmit([EngineHarness.Request(id, EngineHarness.Prompt(length), 8) with { IgnoreEos = true }]));
            return End(id).Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        var before = await RunAsync("before", 20);
        var failed = await RunAsync("failed", 40);
        var after = await RunAsync("after", 20);

        Assert.Equal((FinishReason.Length, 8), (before.End.Reason, before.Tokens.Length));
        Assert.Equal(FinishReason.Failed, failed.End.Reason);
        Assert.Contains(quantised ? "PagedAttention: block_table" : "PagedAttentionFloat: block_table", failed.End.Error, StringComparison.Ordinal);
        Assert.Empty(failed.Tokens);
        Assert.Equal(FinishReason.Length, after.End.Reason);
        Assert.Equal(before.Tokens, after.Tokens);

        TaskCompletionSource<(SequenceEnd End, int[] Tokens)> End(string id) => ends.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

        void OnStep(IReadOnlyList<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                var given = tokens.GetOrAdd(output.Request.Id, _ => []);
                given.AddRange(output.Tokens);
                if (output.End is { } end)
                {
                    End(output.Request.Id).SetResult((end, [.. given]));
                }
            }
        }
    }
}
