using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>One event to append under an epoch.</summary>
public readonly record struct Append(JobId Job, long Epoch, JobEvent Event);

public enum AppendOutcome
{
    Appended,

    /// <summary>Appended, and the job was asked to stop.</summary>
    CancelRequested,

    /// <summary>Refused: another worker holds the job now, or it is final.</summary>
    Superseded,
}
