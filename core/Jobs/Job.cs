using Serverless.Core.Requests;

namespace Serverless.Core.Jobs;

/// <summary>An accepted request for text; stored once as <c>job.json</c> in the job's folder and never changed.</summary>
public sealed record Job
{
    public required JobId Id { get; init; }

    public required string Tenant { get; init; }

    public required string Deployment { get; init; }

    /// <summary>The queue's priority class: <c>priority</c>, <c>default</c> or <c>flex</c>.</summary>
    public string Tier { get; init; } = "default";

    public required GenerationRequest Request { get; init; }

    /// <summary>The seed of choice 0, the caller's or one given at acceptance; choice n uses the seed derived from it and n.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The hexadecimal prompt key when the answer is determined and may be kept in the prompt cache.</summary>
    public string? PromptKey { get; init; }

    /// <summary>After this moment the job ends as <see cref="JobState.Expired"/> and is not charged.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Where to tell of the job's end, beside the tenant's endpoints.</summary>
    public Uri? WebhookUrl { get; init; }

    public DateTimeOffset AcceptedAt => Id.AcceptedAt;

    public string RequestPath => Id.Folder + "job.json";

    public string ResultPath => Id.ResultPath;

    /// <summary>The Service Bus queue that this job waits in.</summary>
    public string Queue => QueueName(Deployment, Tier);

    public static string QueueName(string deployment, string tier) => $"jobs-{deployment}-{tier}";
}
