using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Core.Tests.Webhooks;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Tests.Idempotency;

/// <summary>Between any two steps of an acceptance the process may be killed, and any part may fail: the same call makes one job.</summary>
public sealed class KeyedAcceptanceTests
{
    private static readonly TimeSpan Takeover = new ApiOptions().IdempotencyTakeover;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, false, 5)]
    [InlineData(true, false, 5)]
    [InlineData(false, true, 6)]
    [InlineData(true, true, 6)]
    public async Task WhereverAnAcceptanceIsKilledTheRepeatMakesItsJobOnce(bool after, bool queueFails, int steps)
    {
        var step = 1;
        while (await IsKilledAsync(step, after, queueFails))
        {
            Assert.InRange(++step, 1, 50);
        }

        // Record, job, hot state, message, outcome; after a failure also the end of what was not accepted.
        Assert.Equal(steps + 1, step);
    }

    [Fact]
    public async Task AnAcceptanceThatDiedIsCompletedUnderItsOwnIdOnceItCountsAsDead()
    {
        await using var system = new AcceptingSystem();
        system.Killer.At(1, after: true);
        await Assert.ThrowsAsync<KilledException>(() => system.AcceptAsync());
        var id = (await system.Keys.FindAsync("acme", "key", "digest", Now)).Claim!.Record.Job;

        var early = await Assert.ThrowsAsync<ApiException>(() => system.AcceptAsync());
        Assert.Equal((409, "idempotency_key_in_use"), (early.Error.Status, early.Error.Code));
        Assert.True(early.RetryAfterSeconds > 0);
        Assert.Empty(await system.LiveJobsAsync());

        system.Clock.Shift = Takeover;
        var accepted = await system.AcceptAsync();
        Assert.Equal((id, false), (accepted.Job, accepted.IsReplayed));
        Assert.Equal(id.ToString(), Assert.Single(system.Queue.Messages).Id);
    }

    [Fact]
    public async Task ARepeatWaitsForTheFirstCallToBeAccepted()
    {
        await using var system = new AcceptingSystem(TimeSpan.FromSeconds(30));
        var claim = await system.Keys.ClaimAsync(await system.Keys.FindAsync("acme", "key", "digest", Now), Now);
        var repeat = system.AcceptAsync();
        Assert.False(repeat.IsCompleted);

        var key = (await system.Keys.FindAsync("acme", "key", "digest", Now)).Key;
        await system.Keys.DecideAsync(key, claim.Record, new(claim.Record.Job, "miss"), Now);

        var accepted = await repeat.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal((claim.Record.Job, "miss", true), (accepted.Job, accepted.Cache, accepted.IsReplayed));
        Assert.Empty(system.Queue.Messages);
    }

    [Fact]
    public async Task WhatARepeatCompletedIsNotUndoneWhenTheSlowFirstCallFailsAfterAll()
    {
        await using var system = new AcceptingSystem();
        var (held, until) = (new TaskCompletionSource(), new TaskCompletionSource());
        system.Queue.Hold = (held, until.Task);
        var slow = system.AcceptAsync();
        await held.Task.WaitAsync(TimeSpan.FromSeconds(30), Now);
        system.Clock.Shift = Takeover;
        var repeat = await system.AcceptAsync();
        until.SetResult();

        var first = await slow.WaitAsync(TimeSpan.FromSeconds(30), Now);
        Assert.Equal((repeat.Job, true), (first.Job, first.IsReplayed));
        Assert.Equal([repeat.Job], await system.LiveJobsAsync());
        Assert.Equal(repeat.Job.ToString(), Assert.Single(system.Queue.Messages).Id);
    }

    [Fact]
    public async Task WhatARepeatTookBackIsNotAcceptedByTheSlowFirstCall()
    {
        await using var system = new AcceptingSystem();
        var lookup = await system.Keys.FindAsync("acme", "key", "digest", Now);
        var slow = await system.Keys.ClaimAsync(lookup, Now);
        system.Clock.Shift = Takeover;
        system.Queue.IsAway = true;
        await Assert.ThrowsAsync<QueueException>(() => system.AcceptAsync());

        var stands = await system.Keys.DecideAsync(lookup.Key, slow.Record, new(slow.Record.Job, "miss"), Now);

        Assert.Null(stands.Job);
        Assert.Empty(await system.LiveJobsAsync());
    }

    [Fact]
    public async Task AJobThatMayBeRunningAnswersItsKeyAlthoughTheCacheHasAnAnswerByNow()
    {
        await using var system = new AcceptingSystem();
        system.Killer.At(4, after: true);
        await Assert.ThrowsAsync<KilledException>(() => system.AcceptAsync());
        var begun = Assert.Single(await system.LiveJobsAsync());
        system.Clock.Shift = Takeover;
        var other = new JobResult { Id = JobId.New(system.Clock.GetUtcNow()), Tenant = "acme", Deployment = "model", State = JobState.Succeeded, FinishedAt = system.Clock.GetUtcNow() };
        system.HotState.Admits = new Admission.Hit(JsonSerializer.SerializeToUtf8Bytes(other, JobJson.Default.JobResult), TimeSpan.Zero);

        Assert.Equal(begun, (await system.AcceptAsync()).Job);
    }

    [Fact]
    public async Task AFlightWhoseJobIsNotStoredIsNotJoined()
    {
        await using var system = new AcceptingSystem();
        system.HotState.Admits = new Admission.Joined(JobId.New(system.Clock.GetUtcNow()));
        var accepted = await system.AcceptAsync();
        Assert.Equal([accepted.Job], await system.LiveJobsAsync());
    }

    [Fact]
    public async Task AnotherRequestUnderTheKeyIsRefused()
    {
        await using var system = new AcceptingSystem();
        await system.AcceptAsync();
        var refused = await Assert.ThrowsAsync<ApiException>(() => system.AcceptAsync("another"));
        Assert.Equal((422, "idempotency_key_reuse"), (refused.Error.Status, refused.Error.Code));
    }

    [Fact]
    public async Task TheKeyMayBeUsedAnewAfterADay()
    {
        await using var system = new AcceptingSystem();
        var first = await system.AcceptAsync();
        system.Clock.Shift = TimeSpan.FromHours(24);
        var anew = await system.AcceptAsync("another");
        Assert.False(anew.IsReplayed);
        Assert.NotEqual(first.Job, anew.Job);
    }

    [Fact]
    public async Task ACallThatFoundNoQueueLeavesItsKeyFree() =>
        await RetriesAfterAsync<QueueException>(system => system.Queue.IsAway = true, system => system.Queue.IsAway = false);

    [Fact]
    public async Task ACallThatFoundNoRedisLeavesItsKeyFree() =>
        await RetriesAfterAsync<HotStateUnavailableException>(system => system.HotState.IsAway = true, system => system.HotState.IsAway = false);

    [Fact]
    public async Task ACallWhoseKeyCouldNotBeStoredLeavesItFree() =>
        await RetriesAfterAsync<StoreException>(system => system.Store.FailOnce("idempotency/"), _ => { });

    private static async Task RetriesAfterAsync<TFailure>(Action<AcceptingSystem> fail, Action<AcceptingSystem> mend)
        where TFailure : Exception
    {
        await using var system = new AcceptingSystem();
        fail(system);
        await Assert.ThrowsAsync<TFailure>(() => system.AcceptAsync());
        Assert.Empty(await system.LiveJobsAsync());

        mend(system);
        var accepted = await system.AcceptAsync();
        Assert.False(accepted.IsReplayed);
        Assert.Equal([accepted.Job], await system.LiveJobsAsync());
        Assert.Contains(system.Queue.Messages, message => message.Id == accepted.Job.ToString());
        var repeat = await system.AcceptAsync();
        Assert.Equal((accepted.Job, true), (repeat.Job, repeat.IsReplayed));
    }

    private static async Task<bool> IsKilledAsync(int step, bool after, bool queueFails)
    {
        await using var system = new AcceptingSystem();
        system.Queue.IsAway = queueFails;
        system.Killer.At(step, after);
        _ = await Record.ExceptionAsync(() => system.AcceptAsync());
        var known = (await system.Keys.FindAsync("acme", "key", "digest", Now)).Claim?.Record.Job;
        system.Killer.At(0, false);
        system.Queue.IsAway = false;
        system.Clock.Shift = Takeover;

        var accepted = await system.AcceptAsync();
        var repeat = await system.AcceptAsync();

        var place = $"Killed {(after ? "after" : "before")} step {step}.";
        Assert.True(await system.LiveJobsAsync() is [var live] && live == accepted.Job, place);
        Assert.True(system.Queue.Messages.Any(message => message.Id == accepted.Job.ToString()), place);
        Assert.True(repeat.IsReplayed && repeat.Job == accepted.Job, place);
        // Only what was refused to the caller gets another id.
        Assert.True(queueFails || known is null || known == accepted.Job, place);
        return system.Killer.HasKilled;
    }
}
