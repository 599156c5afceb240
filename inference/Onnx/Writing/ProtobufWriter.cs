using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Serverless.Inference.Onnx.Writing;

/// <summary>Writes protobuf messages field by field; a field of a message type is another writer.</summary>
internal sealed class ProtobufWriter
{
    private const int Varint = 0;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ProtobufWriter Integer(int field, long value)
    {
        Tag(field, Varint);
        Number((ulong)value);
        return this;
    }

    public ProtobufWriter Single(int field, float value)
    {
        Tag(field, Fixed32);
        Span<byte> bits = stackalloc byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bits, value);
        _bytes.Write(bits);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, LengthDelimited);
        Number((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    public ProtobufWriter Message(int field, ProtobufWriter value) =>
        Bytes(field, value._bytes.WrittenSpan);

    /// <summary>Adds all fields of another writer to this message.</summary>
    public ProtobufWriter Append(ProtobufWriter other)
    {
        _bytes.Write(other._bytes.WrittenSpan);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Tag(int field, int wireType) => Number((ulong)((field << 3) | wireType));

    private void Number(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
