using Serverless.Core.Jobs;

namespace Serverless.Core.Webhooks;

/// <summary>The names of what can be told.</summary>
public static class WebhookEvents
{
    /// <summary>What an endpoint gets when its owner asks for a test; nobody subscribes to it.</summary>
    public const string Test = "webhook.test";

    /// <summary>What an endpoint can subscribe to.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<JobState>().Where(state => state.IsFinal()).Select(Of)];

    public static string Of(JobState state) => $"job.{state.ToString().ToLowerInvariant()}";
}
