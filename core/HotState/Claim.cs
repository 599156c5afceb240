using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>A worker's hold on a job.</summary>
/// <param name="Epoch">Grows with each claim; writes of an older epoch are refused.</param>
/// <param name="State">Final when there is nothing left to do.</param>
/// <param name="CancelRequested">Whether the job was asked to stop.</param>
/// <param name="Events">What earlier epochs appended.</param>
/// <param name="StartedAt">When the first claim was made.</param>
/// <param name="Attempts">Deliveries in a row, this one included, since the last that brought the job further.</param>
public sealed record Claim(long Epoch, JobState State, bool CancelRequested, IReadOnlyList<JobEvent> Events, DateTimeOffset StartedAt, int Attempts);
