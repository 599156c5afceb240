using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>One event to append under an epoch.</summary>
/// <param name="Job">The job that the event belongs to.</param>
/// <param name="Epoch">The worker's claim.</param>
/// <param name="Number">The event's place in the list, so that an append repeated after a lost answer changes nothing.</param>
/// <param name="Event">The event.</param>
public readonly record struct Append(JobId Job, long Epoch, long Number, JobEvent Event);

/// <summary>What an append met.</summary>
/// <param name="Status">Whether the event is in the list now.</param>
/// <param name="Length">How many events the list holds; with <see cref="AppendStatus.Missing"/>, the number to send again from.</param>
public readonly record struct AppendOutcome(AppendStatus Status, long Length);

public enum AppendStatus
{
    /// <summary>The event is in the list, by this append or an earlier one of the same number.</summary>
    Appended,

    /// <summary>As <see cref="Appended"/>, and the job was asked to stop.</summary>
    CancelRequested,

    /// <summary>Refused: earlier events are gone with the hot state; send again from <see cref="AppendOutcome.Length"/>.</summary>
    Missing,

    /// <summary>Refused: another worker holds the job now, or it is final.</summary>
    Superseded,
}
