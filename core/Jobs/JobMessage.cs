using System.Text.Json;
using Serverless.Core.Queue;

namespace Serverless.Core.Jobs;

/// <summary>The body of a message on a job queue; the message id is the job id.</summary>
public sealed record JobMessage
{
    public const int CurrentSchema = 1;

    /// <summary>The largest job, in bytes of JSON, that rides in the message itself.</summary>
    public const int InlineLimit = 64 * 1024;

    public int Schema { get; init; } = CurrentSchema;

    public required JobId Job { get; init; }

    public required string Tenant { get; init; }

    public required string Deployment { get; init; }

    public required string Tier { get; init; }

    public int Attempt { get; init; } = 1;

    /// <summary>The job itself, or null when it is over <see cref="InlineLimit"/> and only in the store.</summary>
    public Job? Request { get; init; }

    /// <summary>The message that carries a job, or only names it when it is over <see cref="InlineLimit"/>.</summary>
    public static QueueMessage For(Job job)
    {
        var message = new JobMessage { Job = job.Id, Tenant = job.Tenant, Deployment = job.Deployment, Tier = job.Tier, Request = job };
        var body = JsonSerializer.SerializeToUtf8Bytes(message, JobJson.Default.JobMessage);
        if (body.Length > InlineLimit)
        {
            body = JsonSerializer.SerializeToUtf8Bytes(message with { Request = null }, JobJson.Default.JobMessage);
        }

        return new() { Id = job.Id.ToString(), Body = body, ContentType = "application/json" };
    }
}
