using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Functions.Answers;
using Serverless.Functions.Errors;
using Serverless.Functions.Generation;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Jobs;

/// <summary>Writes the object <c>job</c>, from the result when there is one and from hot state before that.</summary>
internal sealed class JobAnswer(IJobStore store, IHotState hotState)
{
    public async Task WriteAsync(HttpContext context, int status, JobId id)
    {
        var result = await store.FindResultAsync(id, context.RequestAborted);
        var hot = result is null ? await TryReadAsync(id, context.RequestAborted) : null;
        var job = await store.FindAsync(id, context.RequestAborted)
            ?? throw ApiException.NotFound($"No job {id}.", "id", "job_not_found");
        await JsonAnswer.WriteAsync(context, status, json => Write(json, job, hot, result));
    }

    // The store alone can tell of a job; hot state only knows sooner that it runs.
    private async Task<JobStatus?> TryReadAsync(JobId id, CancellationToken cancellationToken)
    {
        try
        {
            return await hotState.ReadAsync(id, cancellationToken);
        }
        catch (HotStateUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Writes the object; <paramref name="hot"/> matters only while there is no result.</summary>
    public static void Write(Utf8JsonWriter json, Job job, JobStatus? hot, JobResult? result)
    {
        json.WriteStartObject();
        json.WriteString("id", job.Id.ToString());
        json.WriteString("object", "job");
        json.WriteString("status", Name(result?.State ?? hot?.State ?? JobState.Queued));
        json.WriteString("deployment", job.Deployment);
        json.WriteString("model", job.Deployment);
        json.WriteNumber("created_at", job.AcceptedAt.ToUnixTimeSeconds());
        WriteTime(json, "started_at", result?.StartedAt ?? hot?.StartedAt);
        WriteTime(json, "finished_at", result?.FinishedAt);
        WriteTime(json, "deadline", job.Deadline);
        // A seed is 64 bits without sign inside; outside it is the signed number that a caller could have sent.
        json.WriteNumber("seed", unchecked((long)job.Seed));
        if (result is null)
        {
            json.WriteNull("result");
            json.WriteNull("error");
        }
        else
        {
            WriteResult(json, job, result);
        }

        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, Job job, JobResult result)
    {
        if (result.State == JobState.Succeeded)
        {
            json.WritePropertyName("result");
            GenerationKind.Of(job.Request).Shape.WriteWhole(json, new AnswerHead(job.Id, job.Deployment, result.Fingerprint), result, fromCache: false);
        }
        else
        {
            json.WriteNull("result");
        }

        if (GenerationDoor.Refusal(result) is { } error)
        {
            ErrorAnswer.Write(json, error);
        }
        else
        {
            json.WriteNull("error");
        }

        AnswerParts.WriteUsage(json, result.Usage, fromCache: false);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteNumber(name, known.ToUnixTimeSeconds());
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Name(JobState state) => state.ToString().ToLowerInvariant();
}
