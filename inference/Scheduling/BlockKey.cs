using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Inference.Scheduling;

/// <summary>What a full block holds: the SHA-256 of its scope, all blocks before it and its own tokens.</summary>
/// <remarks>A cryptographic hash, because a made-up collision would show one caller's context to another.</remarks>
internal readonly record struct BlockKey(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>The key before the first block of a scope; scopes never share blocks.</summary>
    public static BlockKey Root(string scope) => Read(SHA256.HashData(Encoding.UTF8.GetBytes(scope)));

    public BlockKey Then(ReadOnlySpan<int> tokens)
    {
        Span<byte> text = stackalloc byte[32 + (sizeof(int) * BlockPool.BlockSize)];
        BinaryPrimitives.WriteUInt64LittleEndian(text, A);
        BinaryPrimitives.WriteUInt64LittleEndian(text[8..], B);
        BinaryPrimitives.WriteUInt64LittleEndian(text[16..], C);
        BinaryPrimitives.WriteUInt64LittleEndian(text[24..], D);
        MemoryMarshal.AsBytes(tokens).CopyTo(text[32..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text, hash);
        return Read(hash);
    }

    private static BlockKey Read(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(hash),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]));
}
