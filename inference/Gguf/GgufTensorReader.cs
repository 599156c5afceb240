using Serverless.Inference.Gguf.Dequantising;

namespace Serverless.Inference.Gguf;

/// <summary>Reads the tensor table and checks that every tensor lies inside the file.</summary>
internal static class GgufTensorReader
{
    private const int MaximumDimensions = 4;

    /// <summary>Bytes of the shortest possible entry: empty name, one dimension.</summary>
    public const int MinimumBytes = 8 + 4 + 8 + 4 + 8;

    /// <summary>Reads one entry; its offset still counts from the start of the data.</summary>
    public static GgufTensor Read(GgufReader reader, int alignment)
    {
        var start = reader.Position;
        var name = reader.Text("name of a tensor");
        var dimensions = Dimensions(reader, name);
        var format = Format(reader, name);
        var elements = Elements(dimensions, start, name);
        if (dimensions[0] % format.BlockElements != 0)
        {
            throw new GgufException(start, Field(name), $"a row of {dimensions[0]} elements is not a whole number of {format.Type} blocks of {format.BlockElements}.");
        }

        var at = reader.Position;
        var offset = reader.Number<ulong>($"offset of tensor '{name}'");
        if (offset % (ulong)alignment != 0 || offset > long.MaxValue)
        {
            throw new GgufException(at, $"offset of tensor '{name}'", $"{offset} is not a multiple of the alignment {alignment}.");
        }

        return new(name, format, dimensions, (long)offset, elements / format.BlockElements * format.BlockBytes);
    }

    private static long[] Dimensions(GgufReader reader, string name)
    {
        var at = reader.Position;
        var count = reader.Number<uint>($"dimensions of tensor '{name}'");
        if (count is 0 or > MaximumDimensions)
        {
            throw new GgufException(at, $"dimensions of tensor '{name}'", $"a tensor has 1 to {MaximumDimensions} dimensions, not {count}.");
        }

        var dimensions = new long[count];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = reader.Number<long>($"dimension {i} of tensor '{name}'");
        }

        return dimensions;
    }

    private static TensorFormat Format(GgufReader reader, string name)
    {
        var at = reader.Position;
        var type = reader.Number<uint>($"type of tensor '{name}'");
        return TensorFormats.Find(type) ?? throw new GgufException(
            at, $"type of tensor '{name}'", $"format {type} is not supported; supported are {TensorFormats.Names}.");
    }

    // The bound leaves room to multiply by a block's bytes without overflow.
    private static long Elements(long[] dimensions, long start, string name)
    {
        var elements = 1L;
        foreach (var size in dimensions)
        {
            if (size < 1 || size > (1L << 48) / elements)
            {
                throw new GgufException(start, Field(name), $"the shape [{string.Join(", ", dimensions)}] is impossible.");
            }

            elements *= size;
        }

        return elements;
    }

    private static string Field(string name) => $"tensor '{name}'";
}
