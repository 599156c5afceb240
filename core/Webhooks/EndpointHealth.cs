namespace Serverless.Core.Webhooks;

/// <summary>What deliveries found out about an endpoint; only they write it, so that they never undo a change of its owner.</summary>
public sealed record EndpointHealth
{
    /// <summary>Failed attempts since the last success.</summary>
    public int Failures { get; init; }

    /// <summary>Until then nothing is sent: the circuit is open, or the receiver asked to be left alone.</summary>
    public DateTimeOffset? PausedUntil { get; init; }

    /// <summary>When the receiver said 410 Gone; its owner may enable it again.</summary>
    public DateTimeOffset? GoneAt { get; init; }

    public bool IsPaused(DateTimeOffset now) => PausedUntil > now;

    /// <summary>Whether an open circuit is being tried again, with one message at a time.</summary>
    public bool IsProbing(WebhookOptions options) => Failures >= options.CircuitThreshold;

    public EndpointHealth Fail(DateTimeOffset now, WebhookOptions options)
    {
        var failures = Failures + 1;
        var doublings = Math.Clamp(failures - options.CircuitThreshold, 0, 20);
        var pause = TimeSpan.FromTicks(Math.Min(options.CircuitPause.Ticks << doublings, options.MaxCircuitPause.Ticks));
        return this with { Failures = failures, PausedUntil = failures >= options.CircuitThreshold ? now + pause : PausedUntil };
    }

    /// <summary>Obeys a Retry-After: every message of the endpoint waits.</summary>
    public EndpointHealth Pause(DateTimeOffset until) => this with { PausedUntil = until > PausedUntil ? until : PausedUntil ?? until };
}
