using System.ComponentModel.DataAnnotations;

namespace Serverless.Functions;

/// <summary>The limits of the HTTP API.</summary>
public sealed class ApiOptions
{
    public const string Section = "Api";

    /// <summary>The largest request body, in bytes. The default is 4 MiB.</summary>
    [Range(1024, 100 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How long a synchronous call waits before it turns into 202 Accepted. The default is 200 s, below the 230 s of Azure's front end.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan SynchronousLimit { get; set; } = TimeSpan.FromSeconds(200);

    /// <summary>The silence after which a stream carries a comment to keep proxies from cutting it. The default is 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:03:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a stream holds its headers back for a first event, so that an early failure is a proper HTTP error. The default is 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstEventPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an Idempotency-Key stands for its first request. The default is 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan IdempotencyLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a repeat waits for the first call with its Idempotency-Key to be accepted, before it is answered 409. The default is 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan IdempotencyPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time after which a first call that is neither accepted nor refused counts as dead, so that a repeat completes it. The default is 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan IdempotencyTakeover { get; set; } = TimeSpan.FromSeconds(30);
}
