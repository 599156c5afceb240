using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Serverless.Core.Jobs;
using Serverless.Core.Store;
using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>Hot state in Redis or in a server that speaks its protocol.</summary>
internal sealed class RedisHotState(RedisConnection redis, IBlobStore store, IOptions<HotStateOptions> options, TimeProvider clock) : IHotState
{
    // Longer than clients go on retrying.
    private static readonly TimeSpan _requestLife = TimeSpan.FromMinutes(10);

    private readonly EventAppender _appender = new(options.Value.JobLifetime);
    private readonly RedisValue _jobLife = Milliseconds(options.Value.JobLifetime);
    private readonly RedisValue _flightLife = Milliseconds(options.Value.FlightLifetime);
    private readonly RedisValue _acceptanceLimit = Milliseconds(options.Value.AcceptanceLimit);

    public Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        request.Lookup
            ? redis.RunAsync(database => LookUpAsync(database, request), cancellationToken)
            : Task.FromResult<Admission>(new Admission.Lead());

    public Task LeaveFlightAsync(string promptKey, JobId leader, CancellationToken cancellationToken) =>
        redis.RunAsync(async database =>
        {
            // Those who joined meanwhile get an end instead of silence.
            var error = JobError.Server("The equal request that this one shared was refused; send it again.", "leader_refused") with { Status = 503 };
            var end = Serialise(new JobEvent { State = JobState.Failed, Error = error });
            var leave = LeaveFlightAsync(database, promptKey, leader);
            var abandon = HotStateScripts.Abandon.EvaluateAsync(database, JobKeys(leader), [end, _flightLife]);
            await Task.WhenAll(leave, abandon);
            return true;
        }, cancellationToken);

    public Task AddAsync(Job job, bool attached, CancellationToken cancellationToken) =>
        redis.RunAsync(async database =>
        {
            var add = HotStateScripts.Add.EvaluateAsync(
                database,
                [HotStateKeys.Job(job.Id)],
                [job.Tenant, job.Deployment, job.PromptKey ?? "", attached ? "0" : "1", _jobLife]);
            await Task.WhenAll(add, HoldFlightAsync(database, job));
            return true;
        }, cancellationToken);

    public Task<Claim> ClaimAsync(Job job, int deliveryCount, CancellationToken cancellationToken) =>
        redis.RunAsync(async database =>
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            var claim = HotStateScripts.Claim.EvaluateAsync(
                database,
                JobKeys(job.Id),
                [deliveryCount, now, _jobLife, job.Tenant, job.Deployment, job.PromptKey ?? ""]);
            await Task.WhenAll(claim, HoldFlightAsync(database, job));
            var answer = (RedisResult[])(await claim)!;
            var events = (RedisValue[])answer[4]!;
            return new Claim(
                (long)answer[0],
                JobStateNames.Parse(answer[1].ToString()),
                (long)answer[2] == 1,
                Array.ConvertAll(events, Deserialise),
                DateTimeOffset.FromUnixTimeMilliseconds((long)answer[3]),
                (int)answer[5]);
        }, cancellationToken);

    public Task ReopenAsync(JobId id, CancellationToken cancellationToken) =>
        redis.RunAsync(database => HotStateScripts.Reopen.EvaluateAsync(database, JobKeys(id), []), cancellationToken);

    public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<Append> appends, CancellationToken cancellationToken) =>
        appends.Count == 0
            ? Task.FromResult<IReadOnlyList<AppendOutcome>>([])
            : redis.RunAsync(database => _appender.AppendAsync(database, appends), cancellationToken);

    public Task FinishAsync(Job job, JobResult result, CancellationToken cancellationToken)
    {
        if (!result.State.IsFinal())
        {
            throw new ArgumentException($"A result's state is final; this one is {result.State}.", nameof(result));
        }

        return redis.RunAsync(async database =>
        {
            var end = new JobEvent { State = result.State, Usage = result.Usage, Error = result.Error };
            var finish = HotStateScripts.Finish.EvaluateAsync(
                database,
                JobKeys(job.Id),
                [JobStateNames.Of(result.State), Serialise(end), _jobLife, job.Tenant, job.Deployment, result.Events]);
            if (job.PromptKey is not { } promptKey)
            {
                await finish;
                return true;
            }

            // The answer is kept before the flight ends: an equal request finds one or the other.
            await Task.WhenAll(finish, KeepAsync(database, promptKey, result));
            await LeaveFlightAsync(database, promptKey, job.Id);
            return true;
        }, cancellationToken);
    }

    public Task<JobStatus?> ReadAsync(JobId id, CancellationToken cancellationToken) =>
        redis.RunAsync(async database =>
        {
            var reading = database.HashGetAsync(HotStateKeys.Job(id), ["state", "tenant", "deployment", "started", "cancel"]);
            var counting = database.ListLengthAsync(HotStateKeys.Events(id));
            var fields = await reading;
            var events = await counting;
            return fields[0].IsNull || fields[1].IsNull
                ? null
                : new JobStatus
                {
                    Id = id,
                    State = JobStateNames.Parse(fields[0].ToString()),
                    Tenant = fields[1].ToString(),
                    Deployment = fields[2].ToString(),
                    StartedAt = fields[3].IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)fields[3]),
                    CancelRequested = !fields[4].IsNull,
                    Events = events,
                };
        }, cancellationToken);

    public async Task<IEventReader> FollowAsync(JobId id, long from, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        var reader = new RedisEventReader(redis, new StoredEnd(store, id), id, from, clock);
        try
        {
            await reader.SubscribeAsync(cancellationToken);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    public Task CancelAsync(JobId id, CancellationToken cancellationToken) => StopAsync(HotStateScripts.Cancel, id, cancellationToken);

    public Task<bool> AttachAsync(JobId id, CancellationToken cancellationToken) =>
        redis.RunAsync(
            async database => (long)await HotStateScripts.Attach.EvaluateAsync(database, [HotStateKeys.Job(id)], [_jobLife]) == 1,
            cancellationToken);

    public Task DetachAsync(JobId id, CancellationToken cancellationToken) => StopAsync(HotStateScripts.Detach, id, cancellationToken);

    public Task NoteRequestAsync(string digest, JobId job, CancellationToken cancellationToken) =>
        redis.RunAsync(database => database.StringSetAsync(HotStateKeys.Request(digest), job.ToString(), _requestLife), cancellationToken);

    public Task<JobId?> FindRequestAsync(string digest, CancellationToken cancellationToken) =>
        redis.RunAsync(
            async database => JobId.TryParse(await database.StringGetAsync(HotStateKeys.Request(digest)), null, out var id) ? id : (JobId?)null,
            cancellationToken);

    public async Task<IAsyncDisposable> OnCancelAsync(Action<JobId> cancelled, CancellationToken cancellationToken)
    {
        var subscription = new RedisSubscription(redis, HotStateKeys.Cancellations, message =>
        {
            if (JobId.TryParse(message.ToString(), null, out var id))
            {
                cancelled(id);
            }
        });
        await subscription.StartAsync(cancellationToken);
        return subscription;
    }

    private async Task<Admission> LookUpAsync(IDatabase database, AdmissionRequest request)
    {
        // A plain GET first: it is what a hit needs, and it costs half of what the script costs.
        var now = clock.GetUtcNow();
        var prompt = HotStateKeys.Prompt(request.PromptKey);
        var stored = (byte[]?)await database.StringGetAsync(prompt);
        if (stored is not null && PromptEntry.Read(stored, now, request.MaxAge) is { } hit)
        {
            return hit;
        }

        var oldest = request.MaxAge is { } maxAge && maxAge < now - DateTimeOffset.UnixEpoch ? (now - maxAge).ToUnixTimeMilliseconds() : 0;
        var answer = (RedisResult[])(await HotStateScripts.Admit.EvaluateAsync(
            database,
            [prompt, HotStateKeys.Flight(request.PromptKey)],
            [request.Candidate.ToString(), _acceptanceLimit, oldest]))!;
        switch ((int)answer[0])
        {
            case 1 when PromptEntry.Read((byte[])answer[1]!, now, null) is { } late:
                return late;
            case 2 when JobId.TryParse(answer[1].ToString(), null, out var leader) && leader != request.Candidate:
                return new Admission.Joined(leader);
            default:
                return new Admission.Lead();
        }
    }

    private async Task KeepAsync(IDatabase database, string promptKey, JobResult result)
    {
        if (result.State != JobState.Succeeded)
        {
            return;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Default.JobResult);
        if (json.Length <= options.Value.PromptLimit)
        {
            await database.StringSetAsync(
                HotStateKeys.Prompt(promptKey), PromptEntry.Write(clock.GetUtcNow(), json), options.Value.PromptLifetime);
        }
    }

    private async Task StopAsync(RedisScript script, JobId id, CancellationToken cancellationToken) =>
        await redis.RunAsync(async database =>
        {
            var prompt = await script.EvaluateAsync(database, [HotStateKeys.Job(id)], [id.ToString(), _jobLife]);
            if (!prompt.IsNull && prompt.ToString() is { Length: > 0 } promptKey)
            {
                await LeaveFlightAsync(database, promptKey, id);
            }

            return true;
        }, cancellationToken);

    private Task HoldFlightAsync(IDatabase database, Job job) => job.PromptKey is { } promptKey
        ? HotStateScripts.HoldFlight.EvaluateAsync(database, [HotStateKeys.Flight(promptKey)], [job.Id.ToString(), _flightLife])
        : Task.CompletedTask;

    private static Task<RedisResult> LeaveFlightAsync(IDatabase database, string promptKey, JobId leader) =>
        HotStateScripts.HoldFlight.EvaluateAsync(database, [HotStateKeys.Flight(promptKey)], [leader.ToString(), "0"]);

    private static RedisKey[] JobKeys(JobId id) => [HotStateKeys.Job(id), HotStateKeys.Events(id)];

    private static byte[] Serialise(JobEvent value) => JsonSerializer.SerializeToUtf8Bytes(value, JobJson.Default.JobEvent);

    private static JobEvent Deserialise(RedisValue value) =>
        JsonSerializer.Deserialize(((ReadOnlyMemory<byte>)value).Span, JobJson.Default.JobEvent)!;

    private static RedisValue Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
