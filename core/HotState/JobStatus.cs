using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>A job as hot state knows it.</summary>
public sealed record JobStatus
{
    public required JobId Id { get; init; }

    public required string Tenant { get; init; }

    public required string Deployment { get; init; }

    public required JobState State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public bool CancelRequested { get; init; }

    /// <summary>How many events the job has.</summary>
    public long Events { get; init; }
}
