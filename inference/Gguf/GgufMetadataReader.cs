namespace Serverless.Inference.Gguf;

/// <summary>Reads typed metadata values.</summary>
internal static class GgufMetadataReader
{
    // Real files nest no arrays at all; the limit keeps a hostile one from exhausting the stack.
    private const int MaximumNesting = 4;

    public static object Read(GgufReader reader, string key) => Value(reader, Type(reader, key), key, nesting: 0);

    private static GgufValueType Type(GgufReader reader, string key)
    {
        var offset = reader.Position;
        var type = reader.Number<uint>($"type of metadata '{key}'");
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw new GgufException(offset, $"type of metadata '{key}'", $"value type {type} is unknown.");
    }

    private static object Value(GgufReader reader, GgufValueType type, string key, int nesting)
    {
        var field = $"metadata '{key}'";
        return type switch
        {
            GgufValueType.UInt8 => reader.Number<byte>(field),
            GgufValueType.Int8 => reader.Number<sbyte>(field),
            GgufValueType.UInt16 => reader.Number<ushort>(field),
            GgufValueType.Int16 => reader.Number<short>(field),
            GgufValueType.UInt32 => reader.Number<uint>(field),
            GgufValueType.Int32 => reader.Number<int>(field),
            GgufValueType.Float32 => reader.Number<float>(field),
            GgufValueType.Bool => reader.Bool(field),
            GgufValueType.String => reader.Text(field),
            GgufValueType.UInt64 => reader.Number<ulong>(field),
            GgufValueType.Int64 => reader.Number<long>(field),
            GgufValueType.Float64 => reader.Number<double>(field),
            _ => Array(reader, key, nesting + 1),
        };
    }

    private static object Array(GgufReader reader, string key, int nesting)
    {
        var field = $"metadata '{key}'";
        if (nesting > MaximumNesting)
        {
            throw new GgufException(reader.Position, field, $"arrays are nested more than {MaximumNesting} deep.");
        }

        var type = Type(reader, key);
        return type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(reader, field),
            GgufValueType.Int8 => Numbers<sbyte>(reader, field),
            GgufValueType.UInt16 => Numbers<ushort>(reader, field),
            GgufValueType.Int16 => Numbers<short>(reader, field),
            GgufValueType.UInt32 => Numbers<uint>(reader, field),
            GgufValueType.Int32 => Numbers<int>(reader, field),
            GgufValueType.Float32 => Numbers<float>(reader, field),
            GgufValueType.UInt64 => Numbers<ulong>(reader, field),
            GgufValueType.Int64 => Numbers<long>(reader, field),
            GgufValueType.Float64 => Numbers<double>(reader, field),
            GgufValueType.Bool => Elements(reader, field, 1, () => reader.Bool(field)),
            GgufValueType.String => Elements(reader, field, 8, () => reader.Text(field)),
            _ => Elements(reader, field, 12, () => Array(reader, key, nesting + 1)),
        };
    }

    private static unsafe T[] Numbers<T>(GgufReader reader, string field)
        where T : unmanaged
    {
        var values = new T[reader.Count(field, sizeof(T))];
        reader.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()), field);
        return values;
    }

    private static T[] Elements<T>(GgufReader reader, string field, int minimumBytes, Func<T> element)
    {
        var values = new T[reader.Count(field, minimumBytes)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = element();
        }

        return values;
    }
}
