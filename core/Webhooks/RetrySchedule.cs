namespace Serverless.Core.Webhooks;

/// <summary>When a failed delivery is tried again.</summary>
internal static class RetrySchedule
{
    private const int Factor = 3;
    private const double Jitter = 0.2;

    /// <param name="options">The first wait and the longest.</param>
    /// <param name="failed">How many attempts have failed, from 1.</param>
    /// <param name="chance">From 0 to 1: where in the jitter of ±20% the wait lies.</param>
    public static TimeSpan Delay(WebhookOptions options, int failed, double chance)
    {
        // In seconds, because a TimeSpan ends long before the power does.
        var wait = Math.Min(options.FirstRetry.TotalSeconds * Math.Pow(Factor, failed - 1), options.MaxRetryDelay.TotalSeconds);
        return TimeSpan.FromSeconds(wait * (1 - Jitter + (2 * Jitter * chance)));
    }
}
