using System.Buffers.Binary;

namespace Serverless.Inference.Tests.Gguf;

/// <summary>Where each number of a sound GGUF's header lies: what a hostile file would change.</summary>
internal sealed class GgufFields
{
    private static readonly int[] Widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
    private readonly byte[] _bytes;
    private readonly List<(int Offset, int Width, string Kind)> _all = [];
    private int _position;

    private GgufFields(byte[] bytes) => _bytes = bytes;

    /// <summary>Reads front to back and trusts what it reads.</summary>
    public static IReadOnlyList<(int Offset, int Width, string Kind)> Of(byte[] bytes)
    {
        var fields = new GgufFields(bytes);
        fields.Number(4, "magic");
        fields.Number(4, "version");
        var (tensors, entries) = (fields.Number(8, "tensor count"), fields.Number(8, "entry count"));
        for (var i = 0; i < entries; i++)
        {
            fields.Text("key length");
            fields.Value(fields.Number(4, "value type"));
        }

        for (var i = 0; i < tensors; i++)
        {
            fields.Text("name length");
            for (var dimensions = fields.Number(4, "dimension count"); dimensions > 0; dimensions--)
            {
                fields.Number(8, "dimension");
            }

            fields.Number(4, "tensor type");
            fields.Number(8, "tensor offset");
        }

        return fields._all;
    }

    private void Value(long type)
    {
        if (type == 8)
        {
            Text("string length");
        }
        else if (type == 9)
        {
            var (element, count) = (Number(4, "element type"), Number(8, "array length"));
            for (var i = 0; i < count; i++)
            {
                Value(element);
            }
        }
        else
        {
            Number(Widths[type], "value");
        }
    }

    private void Text(string kind)
    {
        var length = (int)Number(8, kind);
        _all.Add((_position, Math.Min(length, 1), "text"));
        _position += length;
    }

    private long Number(int width, string kind)
    {
        _all.Add((_position, width, kind));
        var value = _bytes.AsSpan(_position, width);
        _position += width;
        return width switch
        {
            8 => BinaryPrimitives.ReadInt64LittleEndian(value),
            4 => BinaryPrimitives.ReadInt32LittleEndian(value),
            2 => BinaryPrimitives.ReadInt16LittleEndian(value),
            _ => value[0],
        };
    }
}
