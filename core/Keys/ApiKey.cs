using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Core.Keys;

/// <summary>The secret itself: how it is made, what it may look like, and its hash, which is all that is kept.</summary>
public static class ApiKey
{
    public const int Shortest = 8;
    public const int Longest = 256;

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "!#$%&()*+-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary><c>sk-</c> and 43 base64url characters: 256 bits of chance.</summary>
    public static string New() => "sk-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static bool IsWellFormed(string key) =>
        key.Length is >= Shortest and <= Longest && !key.AsSpan().ContainsAnyExcept(Allowed);

    /// <returns>The SHA-256 of a well-formed key, hexadecimal, lower case.</returns>
    public static string Hash(string key)
    {
        Span<byte> bytes = stackalloc byte[Longest];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(key, bytes)], hash);
        return Convert.ToHexStringLower(hash);
    }
}
