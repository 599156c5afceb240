using Serverless.Inference.Gguf.Dequantising;

namespace Serverless.Inference.Gguf;

/// <summary>Where a tensor lies, in bytes from the start of the file, and how it is stored; its dimensions are innermost first.</summary>
internal sealed record GgufTensor(string Name, TensorFormat Format, IReadOnlyList<long> Dimensions, long Offset, long Bytes)
{
    /// <summary>Elements of one row.</summary>
    public long Columns => Dimensions[0];

    public long Rows => Elements / Columns;

    public long Elements => Dimensions.Aggregate(1L, (product, size) => product * size);
}
