using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Prompts;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>What a call came to: an answer that exists, or a job to follow.</summary>
/// <param name="Job">The job that answers.</param>
/// <param name="Cache">The header <c>x-cache</c>: <c>hit</c>, <c>miss</c>, <c>shared</c> or <c>bypass</c>.</param>
/// <param name="Result">The answer, on a hit.</param>
/// <param name="Age">How old it is, on a hit.</param>
internal sealed record Accepted(JobId Job, string Cache, JobResult? Result = null, TimeSpan Age = default);

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
        var id = JobId.New(clock.GetUtcNow());
        // A shared or cached answer has no job of this call's own that could tell its receiver.
        var key = call.WebhookUrl is not null ? null : PromptKey.For(caller.Tenant, call.Deployment.Name, call.Deployment.ModelDigest, call.Request, call.Seed);
        var leads = false;
        for (var tries = 0; key is not null && directives.Store && !leads && tries < Admissions; tries++)
        {
            var admission = await hotState.AdmitAsync(new AdmissionRequest(key, id, directives.MaxAge, directives.Lookup), cancellationToken);
            switch (admission)
            {
                case Admission.Hit hit:
                    var result = JsonSerializer.Deserialize(hit.Result.Span, JobJson.Default.JobResult)!;
                    return new Accepted(result.Id, "hit", result, hit.Age);
                // A background caller stays attached for good: nobody who leaves may cancel what it was promised.
                case Admission.Joined joined when await hotState.AttachAsync(joined.Job, cancellationToken):
                    return new Accepted(joined.Job, "shared");
                case Admission.Joined:
                    // That job has just ended or is being stopped; what it leaves behind decides the next try.
                    break;
                default:
                    leads = true;
                    break;
            }
        }

        var job = new Job
        {
            Id = id,
            Tenant = caller.Tenant,
            Deployment = call.Deployment.Name,
            Request = call.Request,
            Seed = call.Seed ?? Seeds.New(),
            PromptKey = directives.Store ? key : null,
            Deadline = call.Deadline,
            WebhookUrl = call.WebhookUrl,
        };
        try
        {
            await SendAsync(job, background);
        }
        catch (Exception error) when (error is StoreException or HotStateUnavailableException or QueueException)
        {
            await TakeBackAsync(job, leads, error);
            throw;
        }

        return new Accepted(id, leads && directives.Lookup ? "miss" : "bypass");
    }

    // Once begun, an acceptance is carried through even when the caller leaves: it is one job or none.
    private async Task SendAsync(Job job, bool background)
    {
        await store.AcceptAsync(job, CancellationToken.None);
        await hotState.AddAsync(job, attached: !background, CancellationToken.None);
        var message = new JobMessage { Job = job.Id, Tenant = job.Tenant, Deployment = job.Deployment, Tier = job.Tier, Request = job };
        var body = JsonSerializer.SerializeToUtf8Bytes(message, JobJson.Default.JobMessage);
        if (body.Length > JobMessage.InlineLimit)
        {
            body = JsonSerializer.SerializeToUtf8Bytes(message with { Request = null }, JobJson.Default.JobMessage);
        }

        await queue.SendAsync(job.Queue, new QueueMessage { Id = job.Id.ToString(), Body = body, ContentType = "application/json" }, CancellationToken.None);
    }

    // The send may have reached the broker although its answer was lost; the result makes such a message end at once.
    private async Task TakeBackAsync(Job job, bool leads, Exception reason)
    {
        try
        {
            await store.CommitAsync(job, new JobResult
            {
                Id = job.Id,
                Tenant = job.Tenant,
                Deployment = job.Deployment,
                State = JobState.Failed,
                Error = JobError.Server($"The job was not accepted: {reason.Message}", JobError.NotAccepted),
                Seed = job.Seed,
                FinishedAt = clock.GetUtcNow(),
            }, CancellationToken.None);
            if (leads)
            {
                await hotState.LeaveFlightAsync(job.PromptKey!, job.Id, CancellationToken.None);
            }
        }
        catch (Exception error) when (error is StoreException or HotStateUnavailableException or QueueException)
        {
            // What could not be taken back ends by its time to live; the caller hears of the first failure.
        }
    }
}
