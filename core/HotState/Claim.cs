using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>A worker's hold on a job.</summary>
/// <param name="Epoch">Grows with each claim; writes of an older epoch are refused.</param>
/// <param name="State">Final when there is nothing left to do.</param>
/// <param name="CancelRequested">Whether the job was asked to stop.</param>
/// <param name="Events">What earlier epochs appended.</param>
public sealed record Claim(long Epoch, JobState State, bool CancelRequested, IReadOnlyList<JobEvent> Events, DateTimeOffset StartedAt);
