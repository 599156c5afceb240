using System.ComponentModel.DataAnnotations;

namespace Serverless.Core.Webhooks;

/// <summary>How webhooks are delivered.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "Webhooks";

    /// <summary>Whether receivers may be on this machine or in a private network, for use on one machine. The default is false.</summary>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>How long a receiver may take to answer. The default is 15 s; the queue's lock must be longer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:45", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The largest body that is sent, in bytes; a full payload that would be larger goes out thin. The default is 256 KiB.</summary>
    [Range(4_096, 16 * 1_024 * 1_024)]
    public int MaxBodyBytes { get; set; } = 256 * 1_024;

    /// <summary>How long a delivery is retried. The default is 3 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan RetryWindow { get; set; } = TimeSpan.FromDays(3);

    /// <summary>The wait before the second attempt; it triples with each further one, with jitter. The default is 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two attempts, before jitter. The default is 12 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "2.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How long a secret stays valid after it was rotated, where the call does not say. The default is 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan RotationOverlap { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The most endpoints of one tenant. The default is 20.</summary>
    [Range(1, 1000)]
    public int MaxEndpoints { get; set; } = 20;

    /// <summary>How many deliveries a process makes at the same time. The default is 32.</summary>
    [Range(1, 1024)]
    public int Concurrency { get; set; } = 32;

    /// <summary>How many of them may go to one endpoint. The default is 4.</summary>
    [Range(1, 256)]
    public int ConcurrencyPerEndpoint { get; set; } = 4;

    /// <summary>After so many failures in a row an endpoint is left alone for a while. The default is 5.</summary>
    [Range(1, 1000)]
    public int CircuitThreshold { get; set; } = 5;

    /// <summary>How long it is left alone at first; the pause doubles while it keeps failing. The default is 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan CircuitPause { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest such pause. The default is 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan MaxCircuitPause { get; set; } = TimeSpan.FromMinutes(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxRetryDelay < FirstRetry)
        {
            yield return new(
                $"{Section}:{nameof(MaxRetryDelay)} ({MaxRetryDelay}) must be at least {Section}:{nameof(FirstRetry)} ({FirstRetry}).",
                [nameof(MaxRetryDelay), nameof(FirstRetry)]);
        }

        if (MaxCircuitPause < CircuitPause)
        {
            yield return new(
                $"{Section}:{nameof(MaxCircuitPause)} ({MaxCircuitPause}) must be at least {Section}:{nameof(CircuitPause)} ({CircuitPause}).",
                [nameof(MaxCircuitPause), nameof(CircuitPause)]);
        }
    }
}
