using System.ComponentModel.DataAnnotations;

namespace Serverless.Core.HotState;

/// <summary>How to reach Redis, and how long it keeps what it is told.</summary>
public sealed class HotStateOptions
{
    public const string Section = "HotState";

    /// <summary>StackExchange.Redis's form: <c>host:port,password=…,ssl=true</c>.</summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>The longest wait for an answer. The default is 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait for a connection. The default is 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a job and its events are kept. The default is 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan JobLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long an answer stays in the prompt cache. The default is 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan PromptLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The largest answer that the prompt cache takes, in bytes of JSON. The default is 1 MiB.</summary>
    [Range(0, 64 * 1024 * 1024)]
    public int PromptLimit { get; set; } = 1024 * 1024;

    /// <summary>How long equal requests may join an accepted job. The default is 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FlightLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a request that leads may take until its job is accepted. The default is 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AcceptanceLimit { get; set; } = TimeSpan.FromMinutes(1);
}
