using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;

namespace Serverless.Core.Tests.HotState;

/// <summary>What a reader gets when Redis lost events, or is away, and the result is in the store.</summary>
public sealed class LostEventsTests : IAsyncLifetime
{
    private static readonly TimeSpan _check = TimeSpan.FromSeconds(2);
    private readonly RedisFixture _redis = new();
    private readonly Job _job = new()
    {
        Id = JobId.New(DateTimeOffset.UtcNow),
        Tenant = "t",
        Deployment = "d",
        Request = new() { Messages = [] },
        Seed = 1,
    };

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _redis.InitializeAsync();

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task AResultThatHotStateNeverHeardOfEndsTheStreamWithItsWholeText()
    {
        await AppendAsync("Hel", "lo");
        await using var reader = await _redis.HotState.FollowAsync(_job.Id, 0, Now);
        var events = await ReadAsync(reader, 2);
        await StoreAsync(Result(events: 4));

        events.AddRange(await RestAsync(reader));

        AssertWhole(events);
    }

    [Fact]
    public async Task AnEndThatFindsEventsMissingIsNoEndOfTheListAndTheReaderIsToldAtOnce()
    {
        await AppendAsync("Hel", "lo");
        await using var reader = await _redis.HotState.FollowAsync(_job.Id, 0, Now);
        var events = await ReadAsync(reader, 2);
        await StoreAsync(Result(events: 4));
        await _redis.HotState.FinishAsync(_job, Result(events: 4), Now);

        // The clock stands: nothing but the news of the end can wake the reader.
        events.AddRange((await reader.ReadAsync(Now)).Events);

        AssertWhole(events);
        Assert.Empty((await reader.ReadAsync(Now)).Events);
        Assert.Equal(2, (await _redis.HotState.ReadAsync(_job.Id, Now))!.Events);
    }

    [Fact]
    public async Task AListThatIsLostAfterItWasReadInPartDoesNotCutTheText()
    {
        await AppendAsync("Hel", "lo");
        await using var reader = await _redis.HotState.FollowAsync(_job.Id, 0, Now);
        var events = await ReadAsync(reader, 2);
        await _redis.CommandAsync("FLUSHALL");
        await StoreAsync(Result(events: 0));
        await _redis.HotState.FinishAsync(_job, Result(events: 0), Now);

        events.AddRange(await RestAsync(reader));

        AssertWhole(events);
    }

    [Fact]
    public async Task AReaderOutlivesRedisAndEndsWithTheStoredResult()
    {
        await AppendAsync("Hel", "lo");
        await using var reader = await _redis.HotState.FollowAsync(_job.Id, 0, Now);
        var events = await ReadAsync(reader, 2);
        await _redis.StopServerAsync();
        var rest = RestAsync(reader);
        Assert.False(rest.IsCompleted);
        await StoreAsync(Result(events: 4));

        events.AddRange(await rest);

        AssertWhole(events);
    }

    [Fact]
    public async Task AReaderWhoCameInMidwayGetsOnlyWhatFollows()
    {
        await AppendAsync("Hel", "lo");
        await StoreAsync(Result(events: 4));
        await using var reader = await _redis.HotState.FollowAsync(_job.Id, 1, Now);

        var events = await ReadAsync(reader, 1);
        events.AddRange(await RestAsync(reader));

        Assert.Equal("lo, world", string.Concat(events.Select(next => next.Text)));
    }

    [Fact]
    public async Task AReopenedJobCanBeClaimedAndEndsAnew()
    {
        await AppendAsync("wrong");
        await _redis.HotState.FinishAsync(_job, Result(events: 0) with { State = JobState.Failed }, Now);
        var epoch = (await _redis.HotState.ClaimAsync(_job, 1, Now)).Epoch;

        await _redis.HotState.ReopenAsync(_job.Id, Now);
        var claim = await _redis.HotState.ClaimAsync(_job, 1, Now);

        Assert.Equal(JobState.Running, claim.State);
        Assert.Empty(claim.Events);
        Assert.True(claim.Epoch > epoch);
    }

    private static void AssertWhole(List<JobEvent> events)
    {
        Assert.Equal("Hello, world", string.Concat(events.Select(next => next.Text)));
        Assert.Equal("stop", Assert.Single(events, next => next.Finish is not null).Finish);
        Assert.Equal((JobState.Succeeded, 4), (events[^1].State, events[^1].Usage!.CompletionTokens));
        Assert.Single(events, next => next.State is not null);
    }

    private static async Task<List<JobEvent>> ReadAsync(IEventReader reader, int count)
    {
        var events = new List<JobEvent>();
        while (events.Count < count)
        {
            events.AddRange((await reader.ReadAsync(Now)).Events);
        }

        return events;
    }

    // The reader looks when its checks fall due, and those by this clock.
    private async Task<List<JobEvent>> RestAsync(IEventReader reader)
    {
        var events = new List<JobEvent>();
        while (true)
        {
            var read = reader.ReadAsync(Now).AsTask();
            while (!read.IsCompleted)
            {
                _redis.Clock.Advance(_check);
                await Task.WhenAny(read, Task.Delay(20, Now));
            }

            if ((await read).Events is not { Count: > 0 } more)
            {
                return events;
            }

            events.AddRange(more);
        }
    }

    private async Task AppendAsync(params string[] texts)
    {
        var claim = await _redis.HotState.ClaimAsync(_job, 1, Now);
        await _redis.HotState.AppendAsync([.. texts.Select((text, number) => new Append(_job.Id, claim.Epoch, number, new JobEvent { Text = text }))], Now);
    }

    private Task<bool> StoreAsync(JobResult result) =>
        _redis.Store.TryCreateAsync(_job.ResultPath, JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Default.JobResult), Now);

    private JobResult Result(long events) => new()
    {
        Id = _job.Id,
        Tenant = "t",
        Deployment = "d",
        State = JobState.Succeeded,
        Choices = [new Choice { Index = 0, Text = "Hello, world", FinishReason = "stop" }],
        Usage = new() { CompletionTokens = 4 },
        Events = events,
        FinishedAt = DateTimeOffset.UtcNow,
    };
}
