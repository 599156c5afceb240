using System.ComponentModel.DataAnnotations;
using Serverless.Inference.Execution;
using Serverless.Inference.Scheduling;
using static Serverless.Inference.Tests.Execution.EngineHarness;

namespace Serverless.Inference.Tests.Execution;

public sealed class InferenceEngineTests
{
    [Fact]
    public async Task EverySequenceGetsTheTokensItWouldGetAlone()
    {
        await using var harness = new EngineHarness(options: new() { MaxSequences = 8, MaxTokensPerStep = 40 });
        var requests = Enumerable.Range(0, 30).Select(i => Request($"s{i}", Prompt(1 + (7 * i % 90), seed: i), 1 + i)).ToList();

        var ends = await Task.WhenAll(requests.Select(harness.RunAsync));

        Assert.All(requests.Zip(ends), pair =>
        {
            Assert.Equal(FakeRunner.Expected(pair.First.Prompt, pair.First.MaxNewTokens), pair.Second.Tokens);
            Assert.Equal(FinishReason.Length, pair.Second.End!.Reason);
            Assert.Equal(pair.First.MaxNewTokens, pair.Second.End.CompletionTokens);
            Assert.Equal(pair.First.Prompt.Count, pair.Second.End.PromptTokens);
        });
        await UntilAsync(() => harness.Engine.Statistics is { Running: 0, FreeBlocks: 64, Waiting: 0, FreeSequences: 8 });
    }

    [Fact]
    public async Task MemoryPressureSendsTheYoungestBackAndChangesNoToken()
    {
        var runner = new FakeRunner(blocks: 8);
        await using var harness = new EngineHarness(runner);
        var requests = Enumerable.Range(0, 6).Select(i => Request($"s{i}", Prompt(20, seed: i), 100)).ToList();
        runner.Gate.Reset();

        var tasks = requests.Select(harness.RunAsync).ToList();
        runner.Gate.Set();
        var ends = await Task.WhenAll(tasks);

        Assert.All(requests.Zip(ends), pair => Assert.Equal(FakeRunner.Expected(pair.First.Prompt, 100), pair.Second.Tokens));
        await UntilAsync(() => harness.Engine.Statistics is { FreeBlocks: 8, Preemptions: > 0 });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(59)]
    public async Task ResumedSequenceGoesOnWhereItStopped(int resumed)
    {
        await using var harness = new EngineHarness();
        var whole = await harness.RunAsync(Request("whole", Prompt(50), 60));

        var rest = await harness.RunAsync(Request("rest", Prompt(50), 60) with { Generated = whole.Tokens[..resumed] });

        Assert.Equal(whole.Tokens[resumed..], rest.Tokens);
        Assert.Equal(string.Concat(whole.Tokens[resumed..].Select(token => $"{token} ")) + ".", rest.Text);
        Assert.Equal(60, rest.End!.CompletionTokens);
    }

    [Fact]
    public async Task ResumeOfASequenceThatWasAtItsEndEndsAtOnceWithTheSameReason()
    {
        await using var harness = new EngineHarness();
        var tokens = FakeRunner.Expected(Prompt(50), 6);

        var atLength = await harness.RunAsync(Request("length", Prompt(50), 6) with { Generated = tokens });
        var atStop = await harness.RunAsync(Request("stop", Prompt(50), 60) with { Generated = tokens, Stop = [$"{tokens[^1]}"] });

        Assert.Equal(FinishReason.Length, atLength.End!.Reason);
        Assert.Equal(FinishReason.Stop, atStop.End!.Reason);
        Assert.Empty(atLength.Tokens.Concat(atStop.Tokens));
        Assert.Empty(harness.Runner.Plans);
    }

    [Fact]
    public async Task EndTokenEndsWithoutTextOrCountUnlessItIsIgnored()
    {
        var runner = new FakeRunner { Next = tokens => tokens.Count == 12 ? FakeRunner.Eos : 5 };
        await using var harness = new EngineHarness(runner);

        var ended = await harness.RunAsync(Request("ended", Prompt(10), 20));
        var ignored = await harness.RunAsync(Request("ignored", Prompt(10), 4) with { IgnoreEos = true });

        Assert.Equal([5, 5], ended.Tokens);
        Assert.Equal("5 5 .", ended.Text);
        Assert.Equal((FinishReason.Stop, 2), (ended.End!.Reason, ended.End.CompletionTokens));
        Assert.Equal([5, 5, FakeRunner.Eos, 5], ignored.Tokens);
        Assert.Equal("5 5 5 .", ignored.Text);
        Assert.Equal(FinishReason.Length, ignored.End!.Reason);
    }

    [Fact]
    public async Task StopStringEndsTheSequence()
    {
        await using var harness = new EngineHarness();
        var tokens = FakeRunner.Expected(Prompt(10), 9);
        var stop = tokens.Index().First(pair => pair.Index > 2 && !tokens.Take(pair.Index).Contains(pair.Item));

        var ended = await harness.RunAsync(Request("a", Prompt(10), 9) with { Stop = [$"{stop.Item}"] });

        Assert.Equal(tokens[..(stop.Index + 1)], ended.Tokens);
        Assert.Equal(string.Concat(tokens[..stop.Index].Select(token => $"{token} ")), ended.Text);
        Assert.Equal(FinishReason.Stop, ended.End!.Reason);
    }

    [Fact]
    public async Task ChoicesOfAJobComputeTheirPromptOnce()
    {
        await using var harness = new EngineHarness();
        var choices = Enumerable.Range(0, 4).Select(i => Request($"c{i}", Prompt(65), 3)).ToList();

        Assert.True(harness.Engine.TrySubmit(choices));
        var ends = await Task.WhenAll(choices.Select(choice => harness.EndOfAsync(choice.Id)));

        Assert.Equal([0, 64, 64, 64], ends.Select(end => end.End!.CachedPromptTokens));
        Assert.All(ends, end => Assert.Equal(FakeRunner.Expected(Prompt(65), 3), end.Tokens));
        Assert.Equal(65 + 3 + (4 * 2), harness.Runner.Plans.Sum(plan => plan.Tokens));
    }

    [Fact]
    public async Task NextTurnOfAChatFindsPromptAndAnswerInThePrefixCacheOfItsTenantOnly()
    {
        await using var harness = new EngineHarness();
        var first = await harness.RunAsync(Request("one", Prompt(60), 10) with { CacheScope = "tenant a" });
        int[] longer = [.. Prompt(60), .. first.Tokens, 1, 2, 3];

        var same = await harness.RunAsync(Request("two", longer, 2) with { CacheScope = "tenant a" });
        var other = await harness.RunAsync(Request("three", longer, 2) with { CacheScope = "tenant b" });

        Assert.Equal(64, same.End!.CachedPromptTokens);
        Assert.Equal(0, other.End!.CachedPromptTokens);
        Assert.Equal(same.Tokens, other.Tokens);
    }

    [Fact]
    public async Task CancelledSequenceEndsWhereverItIs()
    {
        var runner = new FakeRunner();
        await using var harness = new EngineHarness(runner, new() { MaxSequences = 2, MaxTokensPerStep = 16 });
        runner.Gate.Reset();
        // One decodes, one is amid its prompt, one waits.
        var decoding = harness.RunAsync(Request("decoding", Prompt(1), 1_000));
        var prefilling = harness.RunAsync(Request("prefilling", Prompt(900), 10));
        var waiting = harness.RunAsync(Request("waiting", Prompt(5), 10));
        runner.BeforeRun = plan =>
        {
            if (plan.Slices.Count == 2 && plan.Slices[0].Start > 0)
            {
                harness.Engine.Cancel("waiting");
                harness.Engine.Cancel("prefilling");
                harness.Engine.Cancel("decoding");
            }
        };
        runner.Gate.Set();

        var ends = await Task.WhenAll(decoding, prefilling, waiting);

        Assert.All(ends, end => Assert.Equal(FinishReason.Cancelled, end.End!.Reason));
        Assert.Empty(ends[1].Tokens);
        Assert.Empty(ends[2].Tokens);
        await UntilAsync(() => harness.Engine.Statistics is { FreeBlocks: 64, Waiting: 0, FreeSequences: 2 });
    }

    [Fact]
    public async Task CancellingAnUnknownSequenceChangesNothing()
    {
        await using var harness = new EngineHarness();

        harness.Engine.Cancel("nobody");

        Assert.Equal(FinishReason.Length, (await harness.RunAsync(Request("a", Prompt(3)))).End!.Reason);
    }

    [Fact]
    public async Task FailedStepFailsItsSequencesAndTheEngineGoesOn()
    {
        var runner = new FakeRunner();
        await using var harness = new EngineHarness(runner);
        runner.BeforeRun = _ => throw new ModelException("The model tripped.");
        var failed = await harness.RunAsync(Request("a", Prompt(40)));
        runner.BeforeRun = null;

        var next = await harness.RunAsync(Request("b", Prompt(40)));

        Assert.Equal((FinishReason.Failed, "The model tripped."), (failed.End!.Reason, failed.End.Error));
        Assert.Equal(FakeRunner.Expected(Prompt(40), 5), next.Tokens);
        Assert.Equal(0, next.End!.CachedPromptTokens);
    }

    [Fact]
    public async Task FullWaitingQueueTurnsFurtherJobsAway()
    {
        var runner = new FakeRunner();
        await using var harness = new EngineHarness(runner, new() { MaxSequences = 1, MaxWaiting = 3 });
        runner.Gate.Reset();
        var first = harness.RunAsync(Request("first", Prompt(3)));
        await UntilAsync(() => harness.Engine.Statistics.Waiting == 0);

        var waiting = harness.RunAsync(Request("waiting", Prompt(3)));
        Assert.False(harness.Engine.TrySubmit([Request("a", Prompt(3)), Request("b", Prompt(3)), Request("c", Prompt(3))]));
        Assert.True(harness.Engine.TrySubmit([Request("a", Prompt(3)), Request("b", Prompt(3))]));
        Assert.False(harness.Engine.TrySubmit([Request("c", Prompt(3))]));
        Assert.Equal(0, harness.Engine.Statistics.FreeSequences);
        runner.Gate.Set();

        await Task.WhenAll(first, waiting, harness.EndOfAsync("a"), harness.EndOfAsync("b"));
        await harness.RunAsync(Request("c", Prompt(3)));
    }

    [Fact]
    public async Task SameIdTwiceIsRefusedUntilTheFirstHasEnded()
    {
        var runner = new FakeRunner();
        await using var harness = new EngineHarness(runner);
        runner.Gate.Reset();
        var first = harness.RunAsync(Request("a", Prompt(3)));

        var error = Assert.Throws<ArgumentException>(() => harness.Engine.TrySubmit([Request("b", Prompt(3)), Request("a", Prompt(3))]));
        runner.Gate.Set();
        await first;

        Assert.Contains("Sequence a is still running", error.Message, StringComparison.Ordinal);
        await harness.RunAsync(Request("b", Prompt(3)));
    }

    [Fact]
    public async Task RequestThatCannotRunEndsAtOnceWithEveryReason()
    {
        await using var harness = new EngineHarness(new(blocks: 4, contextLength: 256));
        var good = Request("x", Prompt(10));

        Assert.Contains("whole cache has 4 (128 tokens)", await ErrorAsync(good with { Id = "blocks", MaxNewTokens = 150 }), StringComparison.Ordinal);
        Assert.Contains("context has 256", await ErrorAsync(good with { Id = "context", MaxNewTokens = 250 }), StringComparison.Ordinal);
        Assert.Contains("prompt is empty", await ErrorAsync(good with { Id = "empty", Prompt = [] }), StringComparison.Ordinal);
        Assert.Contains("Token 100", await ErrorAsync(good with { Id = "token", Prompt = [100] }), StringComparison.Ordinal);
        Assert.Contains("Token -1", await ErrorAsync(good with { Id = "resumed", Generated = [-1] }), StringComparison.Ordinal);
        Assert.Contains("stop string is empty", await ErrorAsync(good with { Id = "stop", Stop = [""] }), StringComparison.Ordinal);
        Assert.Contains("top_logprobs is 21", await ErrorAsync(good with { Id = "top", TopLogprobs = 21 }), StringComparison.Ordinal);
        var both = await ErrorAsync(good with { Id = "both", MaxNewTokens = 0, Sampling = new() { Temperature = float.NaN, Seed = 1 } });
        Assert.Contains("max_tokens is 0", both, StringComparison.Ordinal);
        Assert.Contains("temperature is NaN", both, StringComparison.Ordinal);
        Assert.Equal(FinishReason.Length, (await harness.RunAsync(good)).End!.Reason);

        async Task<string> ErrorAsync(SequenceRequest request)
        {
            var end = (await harness.RunAsync(request)).End!;
            Assert.Equal(FinishReason.Failed, end.Reason);
            return end.Error!;
        }
    }

    [Fact]
    public async Task StoppedEngineGivesUnfinishedSequencesNoEndAndTakesNoMore()
    {
        var runner = new FakeRunner();
        await using var harness = new EngineHarness(runner);
        runner.BeforeRun = plan => Assert.Equal(0, plan.Slices[0].Start);
        runner.Gate.Reset();
        Assert.True(harness.Engine.TrySubmit([Request("a", Prompt(3), 1_000)]));
        await UntilAsync(() => harness.Engine.Statistics.Waiting == 0);

        var stopped = harness.Engine.DisposeAsync();
        runner.Gate.Set();
        await stopped;

        Assert.True(runner.Disposed);
        Assert.False(harness.EndOfAsync("a").IsCompleted);
        Assert.Throws<InvalidOperationException>(() => harness.Engine.TrySubmit([Request("b", Prompt(3))]));
    }

    [Fact]
    public async Task FaultOfTheReceiverStopsTheEngineAndIsTold()
    {
        await using var harness = new EngineHarness { OnOutput = _ => throw new InvalidDataException("The receiver tripped.") };
        Assert.True(harness.Engine.TrySubmit([Request("a", Prompt(3))]));

        await Assert.ThrowsAsync<InvalidDataException>(() => harness.Engine.Completion.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        var error = Assert.Throws<InvalidOperationException>(() => harness.Engine.TrySubmit([Request("b", Prompt(3))]));

        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    [Fact]
    public void BadOptionsAreRefusedAllAtOnce()
    {
        using var runner = new FakeRunner();

        var ranges = Assert.Throws<ValidationException>(() => Start(new() { MaxSequences = 0, Threads = -1 }));
        var pair = Assert.Throws<ValidationException>(() => Start(new() { MaxSequences = 64, MaxTokensPerStep = 32 }));

        Assert.Contains("MaxSequences", ranges.Message, StringComparison.Ordinal);
        Assert.Contains("Threads", ranges.Message, StringComparison.Ordinal);
        Assert.Contains("every running sequence needs one token a step", pair.Message, StringComparison.Ordinal);

        InferenceEngine Start(EngineOptions options) =>
            InferenceEngine.Start(runner, request => new FakeText(request), options, _ => { }, TimeProvider.System);
    }
}
