namespace Serverless.Local.Redis;

/// <summary>How the embedded Redis runs.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>The folder for its log, its checkpoints and its password; readable by the owner only.</summary>
    public required string Folder { get; init; }

    /// <summary>The port on 127.0.0.1; 0, the default, takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The memory for keys and values, in MiB, a power of two. The default is 256.</summary>
    public int MemoryMegabytes { get; init; } = 256;

    /// <summary>Whether what is written outlives the process. The default is true.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>How often the log goes to the disk; zero means before each answer. The default is 100 ms.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
