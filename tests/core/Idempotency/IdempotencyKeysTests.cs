using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Core.Store;
using Serverless.Core.Tests.Webhooks;

namespace Serverless.Core.Tests.Idempotency;

public sealed class IdempotencyKeysTests : IDisposable
{
    private const string Digest = "a";
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    private readonly string _folder = Directory.CreateTempSubdirectory("keys-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly Killer _killer = new();
    private readonly FragileStore _store;
    private readonly IdempotencyKeys _keys;

    public IdempotencyKeysTests()
    {
        _store = new FragileStore(new FileBlobStore(_folder, flushToDisk: false, _clock), _killer);
        _keys = new IdempotencyKeys(_store, new JobStore(_store, null!, _clock, NullLogger<JobStore>.Instance), _clock, Day);
    }

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AKeyStandsForItsFirstUseForADayAndIsThenFree()
    {
        var first = await ClaimAsync();
        _clock.Advance(Day - TimeSpan.FromSeconds(1));
        var repeat = await ClaimAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null((await FindAsync()).Claim);
        var anew = await ClaimAsync();
        _clock.Advance(Day - TimeSpan.FromSeconds(1));
        var again = await ClaimAsync();
        _clock.Advance(Day);
        var third = await ClaimAsync();

        Assert.Equal([true, false, true, false, true], new[] { first, repeat, anew, again, third }.Select(claim => claim.IsNew));
        Assert.Equal((first.Record, anew.Record), (repeat.Record, again.Record));
        Assert.Equal(3, new[] { first, anew, third }.Select(claim => claim.Record.Job).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OfManyEqualCallsOneTakesTheKey(bool reused)
    {
        if (reused)
        {
            await ClaimAsync();
            _clock.Advance(Day);
        }

        // All of them have seen the key free before any takes it.
        var lookups = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => FindAsync()));
        var claims = await Task.WhenAll(lookups.Select(lookup => Task.Run(() => _keys.ClaimAsync(lookup, Now))));

        Assert.Single(claims, claim => claim.IsNew);
        Assert.Single(claims.Select(claim => claim.Record).Distinct());
    }

    [Fact]
    public async Task AKeyIsEachTenantsOwn()
    {
        await ClaimAsync();
        Assert.Null((await _keys.FindAsync("other", "key", Digest, Now)).Claim);
        Assert.NotEqual(RequestDigest.OfTenant("ab", "c"), RequestDigest.OfTenant("a", "bc"));
    }

    [Fact]
    public async Task TheFirstDecisionStands()
    {
        var claim = await ClaimAsync();
        var accepted = new IdempotencyOutcome(claim.Record.Job, "miss");

        Assert.Equal(accepted, await DecideAsync(claim, accepted));
        Assert.Equal(accepted, await DecideAsync(claim, IdempotencyOutcome.Refused));
        Assert.Equal(accepted, (await FindAsync()).Claim?.Outcome);
    }

    [Fact]
    public async Task AKeyWhoseJobWasNotAcceptedIsFree()
    {
        var claim = await ClaimAsync();
        await DecideAsync(claim, IdempotencyOutcome.Refused);
        // The job itself is not taken back yet: it may still be on the queue.
        Assert.Equal(IdempotencyOutcome.Refused, (await FindAsync()).Claim?.Outcome);

        await EndAsync(claim, JobState.Failed, JobError.Server("No.", JobError.NotAccepted));

        Assert.Null((await FindAsync()).Claim);
        var next = await ClaimAsync();
        Assert.True(next.IsNew);
        Assert.NotEqual(claim.Record.Job, next.Record.Job);
        Assert.False((await ClaimAsync()).IsNew);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AKeyWhoseJobRanIsAnsweredByItWhateverWasDecided(bool refused)
    {
        var claim = await ClaimAsync();
        if (refused)
        {
            await DecideAsync(claim, IdempotencyOutcome.Refused);
        }

        await EndAsync(claim, JobState.Failed, JobError.Server("The model failed."));

        var found = (await FindAsync()).Claim!;
        Assert.Equal((claim.Record.Job, JobState.Failed), (found.Outcome!.Job, found.Result!.State));
    }

    [Fact]
    public async Task WhereverAUseIsKilledTheNextOneFindsOneRecord()
    {
        foreach (var after in new[] { false, true })
        {
            var step = 0;
            do
            {
                var name = $"key {after} {++step}";
                var old = await ClaimAsync(name);
                _clock.Advance(Day);
                var lookup = await FindAsync(name);
                _killer.At(step, after);
                var killed = await Record.ExceptionAsync(() => _keys.ClaimAsync(lookup, Now));
                _killer.At(0, false);

                var (next, last) = (await ClaimAsync(name), await ClaimAsync(name));
                Assert.NotEqual(old.Record.Job, next.Record.Job);
                Assert.Equal(next.Record, last.Record);
                Assert.False(last.IsNew);
                // Only a death before the record was made leaves the key free.
                Assert.Equal(killed is not null && step == 1 && !after, next.IsNew);
                if (killed is null)
                {
                    break;
                }
            }
            while (step < 10);

            // The record and its shorter way, and one more that nobody was killed at.
            Assert.Equal(3, step);
        }
    }

    [Fact]
    public async Task AStoreThatFailsLeavesTheKeyFree()
    {
        _store.FailOnce("idempotency/");
        await Assert.ThrowsAsync<StoreException>(() => ClaimAsync());
        Assert.True((await ClaimAsync()).IsNew);
    }

    [Theory]
    [InlineData("chat", """{"b":[1,2],"a":"x"}""", true)]
    [InlineData("chat", """{ "a": "x", "b": [1, 2] }""", true)]
    [InlineData("chat", """{"a":"x","b":[2,1]}""", false)]
    [InlineData("chat", """{"a":"y","b":[1,2]}""", false)]
    [InlineData("text", """{"a":"x","b":[1,2]}""", false)]
    public void ARequestIsNamedByItsMeaning(string endpoint, string body, bool isSame) =>
        Assert.Equal(isSame, Of("chat", """{"a":"x","b":[1,2]}""") == Of(endpoint, body));

    private static string Of(string endpoint, string body) => RequestDigest.OfRequest(endpoint, JsonDocument.Parse(body).RootElement);

    private Task<IdempotencyLookup> FindAsync(string key = "key") => _keys.FindAsync("acme", key, Digest, Now);

    private async Task<IdempotencyClaim> ClaimAsync(string key = "key") => await _keys.ClaimAsync(await FindAsync(key), Now);

    private async Task<IdempotencyOutcome> DecideAsync(IdempotencyClaim claim, IdempotencyOutcome outcome) =>
        await _keys.DecideAsync((await FindAsync()).Key, claim.Record, outcome, Now);

    private async Task EndAsync(IdempotencyClaim claim, JobState state, JobError error) => await _store.TryCreateAsync(
        claim.Record.Job.ResultPath,
        JsonSerializer.SerializeToUtf8Bytes(
            new JobResult { Id = claim.Record.Job, Tenant = "acme", Deployment = "model", State = state, Error = error, FinishedAt = _clock.GetUtcNow() },
            JobJson.Default.JobResult),
        Now);
}
