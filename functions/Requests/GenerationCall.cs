using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Functions.Idempotency;

namespace Serverless.Functions.Requests;

/// <summary>A validated call: what to generate, and how the caller wants it.</summary>
internal sealed record GenerationCall
{
    public required Deployment Deployment { get; init; }

    public required GenerationRequest Request { get; init; }

    /// <summary>The caller's seed; null leaves the choice to us.</summary>
    public ulong? Seed { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    /// <summary>The queue's priority class: <c>priority</c>, <c>default</c> or <c>flex</c>.</summary>
    public string Tier { get; init; } = "default";

    /// <summary>Where to tell of the job's end.</summary>
    public Uri? WebhookUrl { get; init; }

    public bool Stream { get; init; }

    public bool IncludeUsage { get; init; }

    /// <summary>Which attempt at the request this is, where the client counts them.</summary>
    public SdkAttempt? Attempt { get; init; }

    /// <summary>Parameters that were sent and mean nothing here.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];
}
