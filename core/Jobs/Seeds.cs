using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Serverless.Core.Jobs;

/// <summary>Where seeds come from.</summary>
public static class Seeds
{
    // What every JSON reader keeps exactly: a JavaScript number has 53 bits.
    private const int Bits = 53;

    /// <summary>A seed for a request that brought none, below 2^53.</summary>
    public static ulong New()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> (64 - Bits);
    }

    /// <summary>The seed of one choice: the job's own for choice 0, for choice n the n-th output of SplitMix64 started at it.</summary>
    /// <remarks>Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (2014). Different indices give different seeds.</remarks>
    public static ulong ForChoice(ulong seed, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (index == 0)
        {
            return seed;
        }

        var z = seed + ((ulong)index * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
