using Serverless.Core.HotState;
using Serverless.Core.Jobs;

namespace Serverless.Core.Tests.HotState;

public sealed class RedisHotStateTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private readonly IHotState _state = redis.HotState;
    private readonly Job _job = NewJob();

    [Fact]
    public async Task EachClaimHasANewEpochAndTheOldOneWritesNoMore()
    {
        var first = await ClaimAsync(1);
        Assert.Equal(AppendStatus.Appended, await AppendAsync(first.Epoch, 0, "one"));
        var second = await ClaimAsync(2);

        Assert.True(second.Epoch > first.Epoch);
        Assert.Equal(["one"], second.Events.Select(next => next.Text));
        Assert.Equal(AppendStatus.Superseded, await AppendAsync(first.Epoch, 1, "late"));
        Assert.Equal(AppendStatus.Appended, await AppendAsync(second.Epoch, 1, "two"));
    }

    [Fact]
    public async Task ARequestsJobIsFoundByItsDigestAndTheNewestCounts()
    {
        var digest = Guid.NewGuid().ToString("N");
        var newer = NewJob();
        Assert.Null(await _state.FindRequestAsync(digest, Now));
        await _state.NoteRequestAsync(digest, _job.Id, Now);
        Assert.Equal(_job.Id, await _state.FindRequestAsync(digest, Now));
        await _state.NoteRequestAsync(digest, newer.Id, Now);
        Assert.Equal(newer.Id, await _state.FindRequestAsync(digest, Now));
    }

    [Fact]
    public async Task ARepeatedAppendChangesNothingAndAGapIsTold()
    {
        var claim = await ClaimAsync(1);
        await AppendAsync(claim.Epoch, 0, "one");

        Assert.Equal(AppendStatus.Appended, await AppendAsync(claim.Epoch, 0, "one"));
        Assert.Equal(AppendStatus.Missing, await AppendAsync(claim.Epoch, 5, "far"));
        Assert.Equal(1, (await _state.ReadAsync(_job.Id, Now))!.Events);
    }

    [Fact]
    public async Task OnlyDeliveriesThatBringTheJobNoFurtherCountAsAttempts()
    {
        Assert.Equal(1, (await ClaimAsync(1)).Attempts);
        Assert.Equal(2, (await ClaimAsync(2)).Attempts);
        var third = await ClaimAsync(3);
        Assert.Equal(3, third.Attempts);
        await AppendAsync(third.Epoch, 0, "progress");

        Assert.Equal(1, (await ClaimAsync(4)).Attempts);
        // Given back untried: the broker does not count it, and neither does this.
        Assert.Equal(1, (await ClaimAsync(4)).Attempts);
        Assert.Equal(2, (await ClaimAsync(5)).Attempts);
    }

    [Fact]
    public async Task AfterALossTheBrokersCountIsTheLeastEpochAndTheAttempts()
    {
        var claim = await ClaimAsync(4);

        Assert.Equal((4, 4), (claim.Epoch, claim.Attempts));
    }

    [Fact]
    public async Task AFinishedJobIsFinalOnceAndIsReadToItsEnd()
    {
        var claim = await ClaimAsync(1);
        await AppendAsync(claim.Epoch, 0, "text");
        await _state.FinishAsync(_job, Result(JobState.Succeeded), Now);
        await _state.FinishAsync(_job, Result(JobState.Failed), Now);

        Assert.Equal(JobState.Succeeded, (await ClaimAsync(2)).State);
        Assert.Equal(AppendStatus.Superseded, await AppendAsync(claim.Epoch, 2, "late"));
        await using var reader = await _state.FollowAsync(_job.Id, 0, Now);
        var events = new List<JobEvent>();
        while (await reader.ReadAsync(Now) is { Events.Count: > 0 } page)
        {
            events.AddRange(page.Events);
        }

        Assert.Equal(["text", ""], events.Select(next => next.Text));
        Assert.Equal(JobState.Succeeded, events[^1].State);
    }

    [Fact]
    public async Task EqualRequestsShareOneJobAndThenItsAnswer()
    {
        var job = _job with { PromptKey = new('a', 64) };
        Assert.IsType<Admission.Lead>(await AdmitAsync(job));
        var joined = Assert.IsType<Admission.Joined>(await AdmitAsync(job with { Id = NewJob().Id }));
        Assert.Equal(job.Id, joined.Job);

        await _state.AddAsync(job, attached: true, Now);
        await _state.FinishAsync(job, Result(JobState.Succeeded) with { Id = job.Id }, Now);

        Assert.IsType<Admission.Hit>(await AdmitAsync(job with { Id = NewJob().Id }));
    }

    [Fact]
    public async Task TheLastReaderWhoLeavesCancelsUnlessTheJobIsForTheBackground()
    {
        await _state.AddAsync(_job, attached: true, Now);
        Assert.True(await _state.AttachAsync(_job.Id, Now));
        await _state.DetachAsync(_job.Id, Now);
        Assert.False((await _state.ReadAsync(_job.Id, Now))!.CancelRequested);
        await _state.DetachAsync(_job.Id, Now);
        Assert.True((await _state.ReadAsync(_job.Id, Now))!.CancelRequested);
        Assert.False(await _state.AttachAsync(_job.Id, Now));

        var background = NewJob();
        await _state.AddAsync(background, attached: false, Now);
        Assert.True(await _state.AttachAsync(background.Id, Now));
        await _state.DetachAsync(background.Id, Now);
        Assert.False((await _state.ReadAsync(background.Id, Now))!.CancelRequested);
    }

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private static Job NewJob() => new()
    {
        Id = JobId.New(DateTimeOffset.UtcNow),
        Tenant = "t",
        Deployment = "d",
        Request = new() { Messages = [] },
        Seed = 1,
    };

    private Task<Claim> ClaimAsync(int deliveries) => _state.ClaimAsync(_job, deliveries, Now);

    private async Task<AppendStatus> AppendAsync(long epoch, long number, string text) =>
        Assert.Single(await _state.AppendAsync([new(_job.Id, epoch, number, new JobEvent { Text = text })], Now)).Status;

    private Task<Admission> AdmitAsync(Job job) => _state.AdmitAsync(new(job.PromptKey!, job.Id, null, Lookup: true), Now);

    private JobResult Result(JobState state) => new()
    {
        Id = _job.Id,
        Tenant = "t",
        Deployment = "d",
        State = state,
        FinishedAt = DateTimeOffset.UtcNow,
    };
}
