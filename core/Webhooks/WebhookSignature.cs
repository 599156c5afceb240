using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Serverless.Core.Webhooks;

/// <summary>Standard Webhooks' signatures of <c>{id}.{timestamp}.{body}</c>: <c>v1</c> is HMAC-SHA256, <c>v1a</c> is Ed25519.</summary>
internal static class WebhookSignature
{
    /// <returns>The header <c>webhook-signature</c>: both signatures of every secret, so that a receiver can take whichever it knows.</returns>
    public static string Header(IEnumerable<WebhookSecret> secrets, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var prefix = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}."));
        byte[] signed = [.. prefix, .. body];
        return string.Join(' ', secrets.SelectMany(secret => new[]
        {
            "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret.Hmac, signed)),
            "v1a," + Convert.ToBase64String(SignAsymmetric(secret.Ed25519Key, signed)),
        }));
    }

    private static byte[] SignAsymmetric(byte[] key, byte[] signed)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(key, 0, signed, 0, signed.Length, signature, 0);
        return signature;
    }
}
