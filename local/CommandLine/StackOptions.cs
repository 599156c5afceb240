namespace Serverless.Local.CommandLine;

/// <summary>What the command line asked for.</summary>
internal sealed record StackOptions
{
    /// <summary>The address of the HTTP API.</summary>
    public required string Urls { get; init; }

    /// <summary>The folder that holds everything: jobs, keys, the queue's journal, hot state and imported models.</summary>
    public required string Data { get; init; }

    /// <summary>The administrator's API key; null makes one at the first start and keeps it.</summary>
    public string? ApiKey { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required IReadOnlySet<Role> Roles { get; init; }

    /// <summary>The embedded broker's port; 0 picks a free one and keeps to it.</summary>
    public int QueuePort { get; init; }

    /// <summary>The embedded Redis' port; 0 picks a free one and keeps to it.</summary>
    public int RedisPort { get; init; }
}

/// <summary>A part of the system that a process can be.</summary>
internal enum Role
{
    Functions,
    Worker,
    Redis,
    Queue,
}
