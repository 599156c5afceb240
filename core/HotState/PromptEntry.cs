using System.Buffers.Text;

namespace Serverless.Core.HotState;

/// <summary>An answer in the prompt cache: the moment it was stored, in a form that Lua can read, and the result's JSON.</summary>
internal static class PromptEntry
{
    public const int Digits = 13;

    public static byte[] Write(DateTimeOffset storedAt, ReadOnlySpan<byte> result)
    {
        var entry = new byte[Digits + result.Length];
        Utf8Formatter.TryFormat(storedAt.ToUnixTimeMilliseconds(), entry, out _, new('D', Digits));
        result.CopyTo(entry.AsSpan(Digits));
        return entry;
    }

    /// <returns>The answer, or null when it is older than accepted.</returns>
    public static Admission.Hit? Read(byte[] entry, DateTimeOffset now, TimeSpan? maxAge)
    {
        if (entry.Length <= Digits || !Utf8Parser.TryParse(entry.AsSpan(0, Digits), out long storedAt, out var read) || read != Digits)
        {
            return null;
        }

        // The clock that wrote may be ahead of the clock that reads.
        var age = TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - storedAt));
        return age > maxAge ? null : new(entry.AsMemory(Digits), age);
    }
}
