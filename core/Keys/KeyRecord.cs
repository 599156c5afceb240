namespace Serverless.Core.Keys;

/// <summary>An API key as it is kept: everything but the key, of which only the SHA-256 is stored.</summary>
public sealed record KeyRecord
{
    /// <summary><c>key_</c> and 24 hexadecimal characters; names the key in the API.</summary>
    public required string Id { get; init; }

    /// <summary>The SHA-256 of the key, hexadecimal, lower case.</summary>
    public required string Hash { get; init; }

    public required string Tenant { get; init; }

    public string? Name { get; init; }

    /// <summary>The last four characters of the key, to recognise it by.</summary>
    public required string Hint { get; init; }

    /// <summary>Whether the key may manage keys.</summary>
    public bool Admin { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}
