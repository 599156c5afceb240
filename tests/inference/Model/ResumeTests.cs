using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Model;

/// <summary>The real engine on the shipped model: what it samples depends on the request alone.</summary>
public sealed class ResumeTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(23)]
    public async Task AResumedSequenceGoesOnAsTheFirstAttemptWouldHave(int known)
    {
        var whole = (await GenerateAsync([Request("whole", seed: 5)]))["whole"];
        var resumed = (await GenerateAsync([Request("resumed", seed: 5) with { Generated = whole[..known] }]))["resumed"];

        Assert.Equal(whole[known..], resumed);
    }

    [Fact]
    public async Task ChoicesThatShareAPromptAreWhatEachWouldBeAlone()
    {
        var together = await GenerateAsync([Request("a", 1), Request("b", 2), Request("c", 3)]);
        var alone = await GenerateAsync([Request("b", 2)]);

        Assert.Equal(alone["b"], together["b"]);
        Assert.Equal(3, together.Values.Select(tokens => string.Join(' ', tokens)).Distinct().Count());
    }

    [Fact]
    public async Task LoadChangesNothing()
    {
        var alone = await GenerateAsync([Request("x", 7)]);
        var loaded = await GenerateAsync([.. Enumerable.Range(0, 12).Select(i => (IReadOnlyList<SequenceRequest>)[Request(i == 6 ? "x" : $"other{i}", i == 6 ? 7u : (ulong)i) with { Prompt = i == 6 ? Prompt() : [.. Prompt().Skip(i)] }])]);

        Assert.Equal(alone["x"], loaded["x"]);
    }

    private static int[] Prompt() => [.. Enumerable.Range(0, 40).Select(i => 500 + (i * 37))];

    private static SequenceRequest Request(string id, ulong seed) => new()
    {
        Id = id,
        Prompt = Prompt(),
        MaxNewTokens = 24,
        IgnoreEos = true,
        Sampling = new() { Temperature = 0.9f, TopP = 0.95f, Seed = seed },
    };

    private static async Task<Dictionary<string, int[]>> GenerateAsync(params IReadOnlyList<SequenceRequest>[] jobs)
    {
        var model = await ModelFolder.ImportAsync(FixtureFolder.ChatModel, ModelPrecision.Quantised);
        var tokens = jobs.SelectMany(job => job).ToDictionary(request => request.Id, _ => new List<int>());
        var left = tokens.Count;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (loaded, _) = InferenceEngine.Load(model, new(), OnStep, TimeProvider.System);
        await using var engine = loaded;
        Assert.All(jobs, job => Assert.True(engine.TrySubmit(job)));
        await ended.Task.WaitAsync(_limit, TestContext.Current.CancellationToken);
        return tokens.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());

        void OnStep(IReadOnlyList<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                tokens[output.Request.Id].AddRange(output.Tokens);
                if (output.End is not null && --left == 0)
                {
                    ended.SetResult();
                }
            }
        }
    }
}
