using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Local.Broker.Wire;

/// <summary>Reads a shared access signature: <c>SharedAccessSignature sr=…&amp;sig=…&amp;se=…&amp;skn=…</c>.</summary>
internal static class SasToken
{
    private const string Scheme = "SharedAccessSignature ";

    /// <summary>When the token ends; null when it is not signed with the key, names another key, or is over.</summary>
    public static DateTimeOffset? Verify(string token, BrokerKey key, DateTimeOffset now)
    {
        if (!token.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in token[Scheme.Length..].Split('&'))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at > 0)
            {
                fields[pair[..at]] = pair[(at + 1)..];
            }
        }

        if (!fields.TryGetValue("sr", out var resource)
            || !fields.TryGetValue("sig", out var signature)
            || !fields.TryGetValue("se", out var end)
            || fields.GetValueOrDefault("skn") != BrokerKey.Name
            || !long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return null;
        }

        // The signature covers the resource as it stands in the token, escapes included.
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key.Value), Encoding.UTF8.GetBytes($"{resource}\n{end}"));
        var given = Uri.UnescapeDataString(signature);
        var expires = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return expires > now && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToBase64String(expected)), Encoding.UTF8.GetBytes(given))
            ? expires
            : null;
    }
}
