using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.GpuWorker.Jobs;
using Serverless.Inference.Scheduling;

namespace Serverless.GpuWorker.Tests.Jobs;

public sealed class RunningJobTests
{
    private static readonly DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void ChoicesOfOnePromptCountItOnce()
    {
        var job = Start(choices: 3);
        for (var choice = 0; choice < 3; choice++)
        {
            job.End(choice, new(FinishReason.Stop, null, PromptTokens: 10, CachedPromptTokens: 2, CompletionTokens: 5));
        }

        var usage = job.Result("fp", _now).Usage;

        Assert.Equal((10, 2, 15), (usage.PromptTokens, usage.CachedPromptTokens, usage.CompletionTokens));
    }

    [Fact]
    public void WhatEarlierAttemptsWroteIsPartOfTheAnswer()
    {
        var job = Start(choices: 1, new JobEvent { TokenIds = [1, 2], Text = "Hel" });
        Assert.Equal([1, 2], job.TokensOf(0));
        job.Add(new JobEvent { TokenIds = [3], Text = "lo", Finish = "stop" });
        job.End(0, new(FinishReason.Stop, null, 4, 0, 3));

        var result = job.Result("fp", _now);

        Assert.True(job.HasEnded);
        Assert.Equal((JobState.Succeeded, "Hello", "stop"), (result.State, result.Choices[0].Text, result.Choices[0].FinishReason));
    }

    [Theory]
    [InlineData(FinishReason.Failed, JobState.Failed)]
    [InlineData(FinishReason.Cancelled, JobState.Cancelled)]
    [InlineData(FinishReason.Length, JobState.Succeeded)]
    public void TheEngineEndsMakeTheJobsState(FinishReason reason, JobState state)
    {
        var job = Start(choices: 2);
        job.End(0, new(FinishReason.Stop, null, 1, 0, 1));
        Assert.False(job.HasEnded);
        job.End(1, new(reason, reason == FinishReason.Failed ? "broken" : null, 1, 0, 1));

        var result = job.Result("fp", _now);

        Assert.Equal(state, result.State);
        Assert.Equal(reason == FinishReason.Failed, result.Error is not null);
    }

    [Fact]
    public void ALaterClaimNamesItsSequencesAnew()
    {
        var first = Start(choices: 2);
        var second = new RunningJob(first.Job, null!, null!, new Claim(8, JobState.Running, false, [], _now, 1));

        Assert.Empty(first.SequenceIds.Intersect(second.SequenceIds));
    }

    // The message and its receiver play no part in what a job comes to.
    private static RunningJob Start(int choices, params JobEvent[] earlier) => new(
        new Job
        {
            Id = JobId.New(_now),
            Tenant = "t",
            Deployment = "d",
            Request = new() { Messages = [], ChoicesPerPrompt = choices },
            Seed = 1,
        },
        null!,
        null!,
        new Claim(7, JobState.Running, false, earlier, _now, 1));
}
