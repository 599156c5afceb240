using System.ComponentModel.DataAnnotations;

namespace Serverless.Local.Broker;

/// <summary>How the embedded broker listens, what its queues promise, and where it keeps them.</summary>
public sealed class BrokerOptions : IValidatableObject
{
    public const string Section = "Broker";

    /// <summary>The folder of the journal and the key; one broker at a time uses it. It is made when missing.</summary>
    [Required]
    public string DataFolder { get; set; } = "";

    /// <summary>The TCP port on 127.0.0.1; 0, the default, takes a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; }

    /// <summary>Whether links need a token signed with the broker's key. The default is true.</summary>
    public bool RequireKey { get; set; } = true;

    /// <summary>Whether each group of records is flushed to the disk, which survives a loss of power; without it the loss of the process. The default is false.</summary>
    public bool Fsync { get; set; }

    /// <summary>Whether any valid queue name works at its first use; otherwise only <see cref="Queues"/>. The default is true.</summary>
    public bool CreateQueues { get; set; } = true;

    /// <summary>The queues there are; a name may end in <c>*</c>.</summary>
    public IReadOnlyList<string> Queues { get; set; } = ["jobs-*", "requests", "batches", "webhooks", "replies"];

    /// <summary>How long a receiver owns a message before it is delivered again. The default is 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LockDuration { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>After so many deliveries without success a message is dead-lettered. The default is 10.</summary>
    [Range(1, 2_000)]
    public int MaxDeliveryCount { get; set; } = 10;

    /// <summary>How long a second message of the same id is dropped; zero turns it off. The default is 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan DuplicateWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The largest message, in bytes. The default is 1 MiB.</summary>
    [Range(1_024, 100 * 1_024 * 1_024)]
    public int MaxMessageBytes { get; set; } = 1_024 * 1_024;

    /// <summary>The most bytes that wait in one queue; more is refused. The default is 1 GiB.</summary>
    [Range(1_024, long.MaxValue)]
    public long MaxQueueBytes { get; set; } = 1_024L * 1_024 * 1_024;

    /// <summary>The journal is written anew when it has grown by this and is twice what still lives. The default is 32 MiB.</summary>
    [Range(1_024, int.MaxValue)]
    public int CompactBytes { get; set; } = 32 * 1_024 * 1_024;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxQueueBytes < MaxMessageBytes)
        {
            yield return new(
                $"{nameof(MaxQueueBytes)} ({MaxQueueBytes}) must be at least {nameof(MaxMessageBytes)} ({MaxMessageBytes}).",
                [nameof(MaxQueueBytes), nameof(MaxMessageBytes)]);
        }
    }
}
