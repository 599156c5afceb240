using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>How a state is spelt in Redis: as in JSON.</summary>
internal static class JobStateNames
{
    private static readonly string[] Names = ["queued", "running", "succeeded", "failed", "cancelled", "expired"];

    public static string Of(JobState state) => Names[(int)state];

    public static JobState Parse(string name) => Array.IndexOf(Names, name) is var index and >= 0
        ? (JobState)index
        : throw new InvalidDataException($"Hot state holds the unknown job state '{name}'.");
}
