using System.ComponentModel.DataAnnotations;
using System.Numerics;

namespace Serverless.Local.Redis;

/// <summary>How the embedded Redis runs.</summary>
public sealed record EmbeddedRedisOptions : IValidatableObject
{
    public const string Section = "Redis";

    /// <summary>The folder for its log, its checkpoints and its password; readable by the owner only.</summary>
    [Required]
    public required string Folder { get; set; }

    /// <summary>The port on 127.0.0.1; 0, the default, takes a free one.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; }

    /// <summary>The memory for keys and values, in MiB, a power of two. The default is 256.</summary>
    [Range(16, 1_048_576)]
    public int MemoryMegabytes { get; set; } = 256;

    /// <summary>Whether what is written outlives the process. The default is true.</summary>
    public bool IsDurable { get; set; } = true;

    /// <summary>How often the log goes to the disk; zero means before each answer. The default is 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!BitOperations.IsPow2(MemoryMegabytes))
        {
            yield return new($"{nameof(MemoryMegabytes)} ({MemoryMegabytes}) must be a power of two.", [nameof(MemoryMegabytes)]);
        }
    }
}
