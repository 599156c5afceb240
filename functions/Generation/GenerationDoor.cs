using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Serverless.Core.HotState;
using Serverless.Core.Idempotency;
using Serverless.Core.Jobs;
using Serverless.Functions.Answers;
using Serverless.Functions.Authentication;
using Serverless.Functions.Errors;
using Serverless.Functions.Idempotency;
using Serverless.Functions.Jobs;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

/// <summary>Answers a generation call: from the cache, as a whole, as a stream, or with 202 and a place to look.</summary>
internal sealed class GenerationDoor(
    Acceptance acceptance,
    KeyedAcceptance keyedAcceptance,
    IJobStore store,
    IHotState hotState,
    JobAnswer jobAnswer,
    IOptions<ApiOptions> options,
    TimeProvider clock)
{
    public async Task AnswerAsync(HttpContext context, GenerationCall call, IAnswerShape shape, IdempotencyLookup? key)
    {
        var caller = context.Caller();
        var background = context.Request.Headers["Prefer"].Any(value => value?.Contains("respond-async", StringComparison.OrdinalIgnoreCase) ?? false);
        var directives = CacheDirectives.Parse(context.Request.Headers.CacheControl);
        var accepted = key is null
            ? await acceptance.AcceptAsync(caller, call, directives, background, context.RequestAborted)
            : await keyedAcceptance.AcceptAsync(caller, call, directives, key, context.RequestAborted);
        context.Features.GetRequiredFeature<ServerTiming>().Lap("cache");
        WriteHeaders(context, call, accepted);

        var head = new AnswerHead(accepted.Job, call.Deployment.Name, call.Deployment.Fingerprint);
        var isHit = accepted.Cache == "hit";
        if (background && !isHit)
        {
            await AcceptedAsync(context, accepted.Job);
        }
        else if (accepted.Result is { } result)
        {
            await (call.Stream ? StreamAnswer.FromResultAsync(context, shape, head, call, result, isHit) : WholeAsync(context, shape, head, result, isHit));
        }
        else
        {
            // Whoever sent a key may come back for the answer: their leaving cancels nothing.
            await FollowAsync(context, call, shape, head, detach: key is null);
        }
    }

    private async Task FollowAsync(HttpContext context, GenerationCall call, IAnswerShape shape, AnswerHead head, bool detach)
    {
        try
        {
            await using var reader = await hotState.FollowAsync(head.Job, 0, context.RequestAborted);
            if (call.Stream)
            {
                await new StreamAnswer(context, shape, head, call, options.Value, clock).FollowAsync(reader);
            }
            else if (await WaitAsync(reader, context.RequestAborted))
            {
                var result = await store.FindResultAsync(head.Job, context.RequestAborted)
                    ?? throw new InvalidOperationException($"{head.Job} ended and has no result.");
                AddTiming(context, result);
                await WholeAsync(context, shape, head, result, fromCache: false);
            }
            else
            {
                // The job goes on in the background: this reader's leaving must not cancel it.
                detach = false;
                await AcceptedAsync(context, head.Job);
            }
        }
        finally
        {
            if (detach)
            {
                await DetachAsync(head.Job);
            }
        }
    }

    private async Task DetachAsync(JobId id)
    {
        try
        {
            await hotState.DetachAsync(id, CancellationToken.None);
        }
        catch (HotStateUnavailableException)
        {
            // The job then runs to its end unread; the caller has its answer, or the failure that came first.
        }
    }

    /// <returns>False when the synchronous limit came before the end.</returns>
    private async Task<bool> WaitAsync(IEventReader reader, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.SynchronousLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while ((await reader.ReadAsync(either.Token)).Events.Count > 0)
            {
            }

            return true;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Task WholeAsync(HttpContext context, IAnswerShape shape, AnswerHead head, JobResult result, bool fromCache)
    {
        if (Refusal(result) is { } error)
        {
            throw new ApiException(error);
        }

        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json => shape.WriteWhole(json, head, result, fromCache));
    }

    private static void AddTiming(HttpContext context, JobResult result)
    {
        if (result is { State: JobState.Succeeded, StartedAt: { } started })
        {
            var timing = context.Features.GetRequiredFeature<ServerTiming>();
            timing.Add("queue", started - result.Id.AcceptedAt);
            timing.Add("engine", result.FinishedAt - started);
        }
    }

    /// <summary>What a job that did not succeed answers a caller who waited for it.</summary>
    public static JobError? Refusal(JobResult result) => result.State switch
    {
        JobState.Succeeded => null,
        JobState.Cancelled => new JobError(409, "invalid_request_error", $"The job {result.Id} was cancelled before it ended.", null, "job_cancelled"),
        JobState.Expired => new JobError(408, "invalid_request_error", $"The job {result.Id} did not end before its deadline and is not charged.", "deadline", "job_expired"),
        _ => result.Error ?? JobError.Server("The job failed."),
    };

    private async Task AcceptedAsync(HttpContext context, JobId id)
    {
        context.Response.Headers.Location = $"/v1/jobs/{id}";
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers["preference-applied"] = "respond-async";
        await jobAnswer.WriteAsync(context, StatusCodes.Status202Accepted, id);
    }

    private static void WriteHeaders(HttpContext context, GenerationCall call, Accepted accepted)
    {
        var headers = context.Response.Headers;
        headers["x-job-id"] = accepted.Job.ToString();
        headers["x-cache"] = accepted.Cache;
        if (accepted.IsReplayed)
        {
            headers["idempotent-replayed"] = "true";
        }

        if (accepted is { Cache: "hit", Result: not null })
        {
            headers.Age = ((long)accepted.Age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (call.Ignored.Count > 0)
        {
            headers["x-ignored-parameters"] = string.Join(", ", call.Ignored.Where(IsHeaderSafe).Take(20));
        }
    }

    // A parameter's name is the caller's text: only a plain one may enter a header.
    private static bool IsHeaderSafe(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
}
