using Microsoft.Extensions.Options;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Functions.Errors;
using Serverless.Functions.Generation;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Idempotency;

/// <summary>Accepts a call with an idempotency key: once, however often it is sent and wherever a process dies.</summary>
/// <remarks>
/// 1. The key's record is created if absent; it names the job. Death before: nothing has happened. Death after: the key is
///    taken and undecided; once <see cref="ApiOptions.IdempotencyTakeover"/> has passed, a repeat goes on from step 2 under the same id.
/// 2. The prompt cache is asked, unless the job is stored already. Death after: as after 1; an answer found is found again.
/// 3. The job is stored if absent. Death after: a repeat takes the stored job, with its seed.
/// 4. The job is made visible in hot state, which leaves a job that is there as it is. Death after: a repeat does it again.
/// 5. The job's message is sent. Death after: the job runs; a repeat sends the message again, which the queue drops or a
///    worker completes because the result is there, and a repeat after the job's end finds the result.
/// 6. The outcome is created if absent. Death after: a repeat follows the job.
/// A failure in 2 to 6 creates the outcome "refused" instead, then ends the job as not accepted and answers 503. Death
/// between those two: a repeat ends the job as not accepted. A key whose job was not accepted is free. Where the store
/// takes neither outcome, the key stays undecided, as after a death. Two processes that do this for one key at once
/// make one job, and the first outcome binds both.
/// Leaving never cancels such a call: its key says that the caller may come back.
/// </remarks>
internal sealed class KeyedAcceptance(Acceptance acceptance, IdempotencyKeys keys, IJobStore store, IOptions<ApiOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public async Task<Accepted> AcceptAsync(
        KeyRecord caller, GenerationCall call, CacheDirectives directives, IdempotencyLookup lookup, CancellationToken cancellationToken)
    {
        var (began, isTakenBack) = (clock.GetTimestamp(), false);
        for (; ; lookup = await keys.FindAsync(lookup, cancellationToken))
        {
            var claim = await keys.ClaimAsync(lookup, cancellationToken);
            IdempotencyReader.Check(lookup, claim);
            var job = Acceptance.NewJob(claim.Record.Job, caller, call, directives);
            if (claim.IsNew)
            {
                return await CompleteAsync(lookup.Key, claim, job, directives, cancellationToken);
            }

            if (claim.Outcome?.Job is { } answering)
            {
                return Replay(answering, claim.Outcome.Cache, claim.Result);
            }

            if (claim.Outcome is null && clock.GetUtcNow() - claim.Record.CreatedAt >= options.Value.IdempotencyTakeover)
            {
                return await CompleteAsync(lookup.Key, claim, job, directives, cancellationToken);
            }

            if (claim.Outcome is not null && !isTakenBack)
            {
                // Whoever refused it may not have come to this; the next look finds the key free.
                await acceptance.TakeBackAsync(job, "An earlier attempt had failed.");
                isTakenBack = true;
                continue;
            }

            if (clock.GetElapsedTime(began) >= options.Value.IdempotencyPatience)
            {
                throw InUse();
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private async Task<Accepted> CompleteAsync(string key, IdempotencyClaim claim, Job job, CacheDirectives directives, CancellationToken cancellationToken)
    {
        Accepted? accepted = null;
        IdempotencyOutcome? outcome;
        try
        {
            // A job that an earlier attempt stored may be running: an answer from elsewhere would be a second one.
            var isBegun = !claim.IsNew && await store.FindAsync(job.Id, cancellationToken) is not null;
            var (answered, leads) = isBegun ? (null, false) : await acceptance.AdmitAsync(job, directives, mustBeStored: true, cancellationToken);
            accepted = answered ?? await acceptance.SendAsync(job, leads, directives, background: true);
            outcome = await keys.DecideAsync(key, claim.Record, new(accepted.Job, accepted.Cache), CancellationToken.None);
        }
        catch (Exception error) when (Acceptance.IsAway(error) || error is OperationCanceledException)
        {
            outcome = await RefuseAsync(key, claim.Record);
            if (outcome?.Job is null)
            {
                if (outcome is not null)
                {
                    await acceptance.TakeBackAsync(job, error.Message);
                }

                throw;
            }
        }

        return outcome.Job is not { } answering ? throw ApiException.Unavailable("The request was not accepted; please try again.")
            : answering == accepted?.Job ? accepted
            : Replay(answering, outcome.Cache, await store.FindResultAsync(answering, cancellationToken));
    }

    /// <returns>The outcome that stands, or null when the store takes none.</returns>
    private async Task<IdempotencyOutcome?> RefuseAsync(string key, IdempotencyRecord record)
    {
        try
        {
            return await keys.DecideAsync(key, record, IdempotencyOutcome.Refused, CancellationToken.None);
        }
        catch (Exception error) when (Acceptance.IsAway(error))
        {
            return null;
        }
    }

    private Accepted Replay(JobId job, string? cache, JobResult? result) =>
        new(job, cache ?? "bypass", result, result is null ? default : clock.GetUtcNow() - result.FinishedAt) { IsReplayed = true };

    private ApiException InUse() => new(
        new JobError(
            StatusCodes.Status409Conflict,
            "invalid_request_error",
            $"A request with this '{IdempotencyReader.Header}' is being accepted at this moment. Send it again in a little while.",
            IdempotencyReader.Header,
            "idempotency_key_in_use"),
        Math.Max(1, (int)Math.Ceiling(options.Value.IdempotencyPatience.TotalSeconds)));
}
