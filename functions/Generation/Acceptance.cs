using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Prompts;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>What a call came to: an answer that exists, or a job to follow.</summary>
/// <param name="Job">The job that answers.</param>
/// <param name="Cache">The header <c>x-cache</c>: <c>hit</c>, <c>miss</c>, <c>shared</c> or <c>bypass</c>.</param>
/// <param name="Result">The answer, on a hit.</param>
/// <param name="Age">How old it is, on a hit.</param>
internal sealed record Accepted(JobId Job, string Cache, JobResult? Result = null, TimeSpan Age = default)
{
    /// <summary>Whether an earlier call with the same idempotency key was accepted, and this one gets its answer.</summary>
    public bool IsReplayed { get; init; }
}

/// <summary>Looks a call up in the prompt cache, or makes it a job on its queue.</summary>
/// <remarks>
/// 1. The prompt cache and the flights of equal requests are asked, in one round trip.
/// 2. A new job is written to the store, then made visible in hot state, then sent to its queue.
/// 3. Only then is it accepted; a failure before that takes the earlier steps back and is answered 503.
/// </remarks>
internal sealed class Acceptance(IJobStore store, IHotState hotState, IQueueClient queue, TimeProvider clock)
{
    // A flight whose job ended without clearing it would be met again and again; the request then runs on its own.
    private const int Admissions = 3;

    public async Task<Accepted> AcceptAsync(KeyRecord caller, GenerationCall call, CacheDirectives directives, bool background, CancellationToken cancellationToken)
    {
        var job = NewJob(JobId.New(clock.GetUtcNow()), caller, call, directives);
        // Requests whose answer is determined share a flight anyway.
        var attempt = job.PromptKey is null || !directives.Lookup ? call.Attempt : null;
        if (attempt is { IsRetry: true } && await JoinEarlierAsync(attempt, cancellationToken) is { } joined)
        {
            return joined;
        }

        var (answered, leads) = await AdmitAsync(job, directives, mustBeStored: false, cancellationToken);
        if (answered is not null)
        {
            return answered;
        }

        try
        {
            answered = await SendAsync(job, leads, directives, background);
        }
        catch (Exception error) when (IsAway(error))
        {
            await TakeBackAsync(job, error.Message);
            throw;
        }

        if (attempt is not null)
        {
            await NoteAsync(attempt, job.Id);
        }

        return answered;
    }

    /// <summary>Whether a part of the system failed that an acceptance needs.</summary>
    public static bool IsAway(Exception error) => error is StoreException or HotStateUnavailableException or QueueException;

    /// <summary>The job that a call becomes.</summary>
    public static Job NewJob(JobId id, KeyRecord caller, GenerationCall call, CacheDirectives directives)
    {
        // A shared or cached answer has no job of this call's own that could tell its receiver.
        var key = call.WebhookUrl is not null || !directives.Store
            ? null
            : PromptKey.For(caller.Tenant, call.Deployment.Name, call.Deployment.ModelDigest, call.Request, call.Seed);
        return new Job
        {
            Id = id,
            Tenant = caller.Tenant,
            Deployment = call.Deployment.Name,
            Tier = call.Tier,
            Request = call.Request,
            Seed = call.Seed ?? Seeds.New(),
            PromptKey = key,
            Deadline = call.Deadline,
            WebhookUrl = call.WebhookUrl,
        };
    }

    /// <summary>Asks the prompt cache and the flights of equal requests.</summary>
    /// <param name="job">What the call becomes when neither answers.</param>
    /// <param name="directives">What the caller's <c>Cache-Control</c> allows.</param>
    /// <param name="mustBeStored">Whether only a flight counts whose job is in the store.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer or the job to share, or else whether this job leads a flight.</returns>
    public async Task<(Accepted? Answered, bool Leads)> AdmitAsync(Job job, CacheDirectives directives, bool mustBeStored, CancellationToken cancellationToken)
    {
        for (var tries = 0; job.PromptKey is not null && tries < Admissions; tries++)
        {
            var admission = await hotState.AdmitAsync(new AdmissionRequest(job.PromptKey, job.Id, directives.MaxAge, directives.Lookup), cancellationToken);
            switch (admission)
            {
                case Admission.Hit hit:
                    var result = JsonSerializer.Deserialize(hit.Result.Span, JobJson.Default.JobResult)!;
                    return (new Accepted(result.Id, "hit", result, hit.Age), false);
                case Admission.Joined joined when mustBeStored && await store.FindAsync(joined.Job, cancellationToken) is null:
                    return (null, false);
                // A background caller stays attached for good: nobody who leaves may cancel what it was promised.
                case Admission.Joined joined when await hotState.AttachAsync(joined.Job, cancellationToken):
                    return (new Accepted(joined.Job, "shared"), false);
                case Admission.Joined:
                    // That job has just ended or is being stopped; what it leaves behind decides the next try.
                    break;
                default:
                    return (null, true);
            }
        }

        return (null, false);
    }

    /// <summary>Stores the job, unless an earlier attempt has, and sends it to its queue.</summary>
    /// <remarks>Once begun, an acceptance is carried through even when the caller leaves: it is one job or none.</remarks>
    public async Task<Accepted> SendAsync(Job job, bool leads, CacheDirectives directives, bool background)
    {
        if (!await store.AcceptAsync(job, CancellationToken.None))
        {
            job = await store.FindAsync(job.Id, CancellationToken.None) ?? throw new StoreException($"{job.Id} was deleted while it was being accepted.", isTransient: true);
        }

        await hotState.AddAsync(job, attached: !background, CancellationToken.None);
        await queue.SendAsync(job.Queue, JobMessage.For(job), CancellationToken.None);
        return new Accepted(job.Id, leads && directives.Lookup ? "miss" : "bypass");
    }

    /// <summary>Ends a job that was not accepted, as far as the store and hot state can be reached.</summary>
    /// <remarks>The send may have reached the broker although its answer was lost; the result makes such a message end at once.</remarks>
    public async Task TakeBackAsync(Job job, string reason)
    {
        try
        {
            await store.CommitAsync(job, new JobResult
            {
                Id = job.Id,
                Tenant = job.Tenant,
                Deployment = job.Deployment,
                State = JobState.Failed,
                Error = JobError.Server($"The job was not accepted: {reason}", JobError.NotAccepted),
                Seed = job.Seed,
                FinishedAt = clock.GetUtcNow(),
            }, CancellationToken.None);
            if (job.PromptKey is { } promptKey)
            {
                await hotState.LeaveFlightAsync(promptKey, job.Id, CancellationToken.None);
            }
        }
        catch (Exception error) when (IsAway(error))
        {
            // What could not be taken back ends by its time to live; the caller hears of the first failure.
        }
    }

    /// <returns>The job of an earlier attempt at the same request, while it is in flight.</returns>
    private async Task<Accepted?> JoinEarlierAsync(SdkAttempt attempt, CancellationToken cancellationToken) =>
        await hotState.FindRequestAsync(attempt.Digest, cancellationToken) is { } earlier
        && await hotState.ReadAsync(earlier, cancellationToken) is not null
        && await hotState.AttachAsync(earlier, cancellationToken)
            ? new Accepted(earlier, "shared")
            : null;

    private async Task NoteAsync(SdkAttempt attempt, JobId job)
    {
        try
        {
            await hotState.NoteRequestAsync(attempt.Digest, job, CancellationToken.None);
        }
        catch (HotStateUnavailableException)
        {
            // The job is accepted; without the note a retry would only be a job of its own.
        }
    }
}
