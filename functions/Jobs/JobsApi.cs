using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Functions.Answers;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Jobs;

internal static class JobsApi
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/v1/jobs").WithTags("Jobs");
        jobs.MapGet("/{id}", GetAsync).WithName("getJob").WithSummary("Tells where a job is, and its result once it has one.")
            .Answers(StatusCodes.Status200OK, "The job.", "Job");
        jobs.MapGet("/{id}/events", EventsAsync).WithName("streamJobEvents").WithSummary("Streams a job's events; ?starting_after=N or Last-Event-ID resumes after event N.")
            .Takes(ParameterLocation.Query, "starting_after", "The number of the last event that the reader has.", Schemas.Count())
            .Takes(ParameterLocation.Header, "Last-Event-ID", "The same, as an EventSource sends it.", Schemas.Count())
            .Answers(StatusCodes.Status200OK, "Server-sent events: each has its number as id and a JobEvent as data; the last one's data is [DONE].", events: "JobEvent");
        jobs.MapPost("/{id}/cancel", CancelAsync).WithName("cancelJob").WithSummary("Stops a job; one that has ended stays as it is.")
            .Answers(StatusCodes.Status200OK, "The job.", "Job");
    }

    private static async Task GetAsync(HttpContext context, string id, IJobStore store, JobAnswer answer) =>
        await answer.WriteAsync(context, StatusCodes.Status200OK, (await FindAsync(context, id, store)).Id);

    private static async Task CancelAsync(HttpContext context, string id, IJobStore store, IHotState hotState, JobAnswer answer, TimeProvider clock)
    {
        var job = await FindAsync(context, id, store);
        var status = await hotState.ReadAsync(job.Id, context.RequestAborted);
        await hotState.CancelAsync(job.Id, CancellationToken.None);
        if (status?.State is JobState.Queued)
        {
            // Nobody works on it yet. If a worker claims it meanwhile, whichever result comes first stands.
            await store.CommitAsync(job, new JobResult
            {
                Id = job.Id,
                Tenant = job.Tenant,
                Deployment = job.Deployment,
                State = JobState.Cancelled,
                Seed = job.Seed,
                FinishedAt = clock.GetUtcNow(),
            }, CancellationToken.None);
        }

        await answer.WriteAsync(context, StatusCodes.Status200OK, job.Id);
    }

    private static async Task EventsAsync(
        HttpContext context, string id, IJobStore store, IHotState hotState, IOptions<ApiOptions> options, TimeProvider clock)
    {
        var job = await FindAsync(context, id, store);
        var from = From(context);
        if (await hotState.ReadAsync(job.Id, context.RequestAborted) is null
            && await store.FindResultAsync(job.Id, context.RequestAborted) is { } result)
        {
            await FromResultAsync(context, result, from);
            return;
        }

        await using var reader = await hotState.FollowAsync(job.Id, from, context.RequestAborted);
        await SseWriter.BeginAsync(context);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            // There is no body to wait for, and the job may take long.
            return;
        }

        using var sse = new SseWriter(context);
        while (true)
        {
            var read = reader.ReadAsync(context.RequestAborted).AsTask();
            await Heartbeats.UntilAsync(read, sse, options.Value.Heartbeat, clock, context.RequestAborted);
            var page = await read;
            if (page.Events.Count == 0)
            {
                break;
            }

            for (var i = 0; i < page.Events.Count; i++)
            {
                Add(sse, page.First + i, page.Events[i]);
            }

            await sse.FlushAsync();
        }

        sse.AddDone();
        await sse.FlushAsync();
    }

    // The single events are kept for a day; after that a job is one event for each choice, and cannot be entered midway.
    private static async Task FromResultAsync(HttpContext context, JobResult result, long from)
    {
        if (from > 0)
        {
            throw new ApiException(new JobError(410, "invalid_request_error", "The single events of this job are no longer kept. Read its result at GET /v1/jobs/{id}, or its events from the start.", "starting_after", "events_expired"));
        }

        await SseWriter.BeginAsync(context);
        using var sse = new SseWriter(context);
        var number = 0;
        foreach (var choice in result.Choices)
        {
            Add(sse, number++, new JobEvent { Choice = choice.Index, Text = choice.Text, Logprobs = choice.Logprobs, Finish = choice.FinishReason });
        }

        Add(sse, number, new JobEvent { State = result.State, Usage = result.Usage, Error = result.Error });
        sse.AddDone();
        await sse.FlushAsync();
    }

    private static void Add(SseWriter sse, long number, JobEvent next) =>
        sse.Add(json => JsonSerializer.Serialize(json, next, JobJson.Default.JobEvent), number);

    private static long From(HttpContext context)
    {
        var text = context.Request.Query.TryGetValue("starting_after", out var query) ? query.ToString() : context.Request.Headers["Last-Event-ID"].ToString();
        return text.Length == 0 ? 0
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) && after < long.MaxValue ? after + 1
            : throw ApiException.Invalid("'starting_after' (or Last-Event-ID) takes the number of an event, 0 or more.", "starting_after", "invalid_value");
    }

    /// <summary>Finds a job of the caller's tenant; another tenant's is not found, as if it did not exist.</summary>
    private static async Task<Job> FindAsync(HttpContext context, string id, IJobStore store)
    {
        var job = JobId.TryParse(id, null, out var parsed) ? await store.FindAsync(parsed, context.RequestAborted) : null;
        return job is not null && job.Tenant == context.Caller().Tenant
            ? job
            : throw ApiException.NotFound("No such job.", "id", "job_not_found");
    }
}
