using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Serverless.Core.Jobs;

/// <summary>
/// The name of a job: <c>job_</c> and a UUIDv7 (RFC 9562) in Crockford's base 32, lower case, 26 characters.
/// Ids sort by the time of acceptance, which is also their place in the store.
/// </summary>
[JsonConverter(typeof(JobIdJsonConverter))]
public readonly record struct JobId : IParsable<JobId>
{
    private const string Prefix = "job_";
    private const int Digits = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private readonly UInt128 _value;

    private JobId(UInt128 value) => _value = value;

    /// <summary>The moment of acceptance, to the millisecond.</summary>
    public DateTimeOffset AcceptedAt => DateTimeOffset.FromUnixTimeMilliseconds((long)(ulong)(_value >> 80));

    public static JobId New(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>The folder of the job in the store: <c>jobs/yyyy/MM/dd/{id}/</c>.</summary>
    public string Folder => string.Create(null, $"jobs/{AcceptedAt.UtcDateTime:yyyy'/'MM'/'dd}/{this}/");

    /// <summary>Where the job's result lies once it has one.</summary>
    public string ResultPath => Folder + "result.json";

    public override string ToString() => string.Create(Prefix.Length + Digits, _value, static (text, value) =>
    {
        Prefix.CopyTo(text);
        for (var i = text.Length - 1; i >= Prefix.Length; i--)
        {
            text[i] = Alphabet[(int)(uint)(value & 31)];
            value >>= 5;
        }
    });

    public static JobId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("A job id is job_ and 26 base-32 characters.");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out JobId result)
    {
        result = default;
        if (s is null || s.Length != Prefix.Length + Digits || !s.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        // 26 digits hold 130 bits: the first may only carry three.
        UInt128 value = 0;
        for (var i = Prefix.Length; i < s.Length; i++)
        {
            var digit = Alphabet.IndexOf(s[i], StringComparison.Ordinal);
            if (digit < 0 || (i == Prefix.Length && digit > 7))
            {
                return false;
            }

            value = (value << 5) | (uint)digit;
        }

        // The time field has 48 bits, of which DateTimeOffset can hold fewer.
        if ((ulong)(value >> 80) > 253_402_300_799_999)
        {
            return false;
        }

        result = new(value);
        return true;
    }
}
