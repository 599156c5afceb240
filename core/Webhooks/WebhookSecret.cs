using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Serverless.Core.Webhooks;

/// <summary>What signs an endpoint's messages: a secret that the receiver shares, and a key pair of which it needs the public half only.</summary>
public sealed record WebhookSecret
{
    private const int Length = 32;

    /// <summary>The key of HMAC-SHA256.</summary>
    public required byte[] Hmac { get; init; }

    /// <summary>The private key of Ed25519, as RFC 8032 has it.</summary>
    public required byte[] Ed25519Key { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>After this moment it signs no more; null is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The secret as its owner keeps it; shown once.</summary>
    [JsonIgnore]
    public string Text => "whsec_" + Convert.ToBase64String(Hmac);

    /// <summary>The secret's last four characters, to recognise it by.</summary>
    [JsonIgnore]
    public string Hint => "whsec_…" + Text[^4..];

    [JsonIgnore]
    public string PublicKey
    {
        get
        {
            var key = new byte[Ed25519.PublicKeySize];
            Ed25519.GeneratePublicKey(Ed25519Key, 0, key, 0);
            return "whpk_" + Convert.ToBase64String(key);
        }
    }

    public static WebhookSecret New(DateTimeOffset now) => new()
    {
        Hmac = RandomNumberGenerator.GetBytes(Length),
        Ed25519Key = RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize),
        CreatedAt = now,
    };

    public bool IsValid(DateTimeOffset now) => ExpiresAt is not { } end || end > now;

    // A record prints its members; these may end up in no log.
    public override string ToString() => Hint;
}

/// <summary>An endpoint's secrets, the newest first.</summary>
public sealed record WebhookSecrets(IReadOnlyList<WebhookSecret> All)
{
    /// <summary>The secrets that sign now.</summary>
    public IEnumerable<WebhookSecret> Valid(DateTimeOffset now) => All.Where(secret => secret.IsValid(now));

    /// <summary>Puts a new secret in front; those before it stay valid for a while, and no longer than they were.</summary>
    public WebhookSecrets Rotate(DateTimeOffset now, TimeSpan overlap)
    {
        var end = now + overlap;
        var older = Valid(now)
            .Select(secret => secret.ExpiresAt <= end ? secret : secret with { ExpiresAt = end })
            .Where(secret => secret.IsValid(now))
            .Take(MostOlder);
        return new([WebhookSecret.New(now), .. older]);
    }

    // Each adds two signatures to a header.
    private const int MostOlder = 3;
}
