namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>All storage formats that can be read.</summary>
internal static class TensorFormats
{
    private static readonly Dictionary<uint, TensorFormat> All = new TensorFormat[]
    {
        new(GgufTensorType.F32, 1, 4, PlainBlocks.F32),
        new(GgufTensorType.F16, 1, 2, PlainBlocks.F16),
        new(GgufTensorType.BF16, 1, 2, PlainBlocks.BF16),
        new(GgufTensorType.Q4_0, 32, 18, SmallBlocks.Q4_0),
        new(GgufTensorType.Q4_1, 32, 20, SmallBlocks.Q4_1),
        new(GgufTensorType.Q5_0, 32, 22, SmallBlocks.Q5_0),
        new(GgufTensorType.Q5_1, 32, 24, SmallBlocks.Q5_1),
        new(GgufTensorType.Q8_0, 32, 34, SmallBlocks.Q8_0),
        new(GgufTensorType.Q2_K, 256, 84, KBlocks.Q2_K),
        new(GgufTensorType.Q3_K, 256, 110, KBlocks.Q3_K),
        new(GgufTensorType.Q4_K, 256, 144, KBlocks.Q4_K),
        new(GgufTensorType.Q5_K, 256, 176, KBlocks.Q5_K),
        new(GgufTensorType.Q6_K, 256, 210, KBlocks.Q6_K),
        new(GgufTensorType.IQ4_NL, 32, 18, TableBlocks.IQ4_NL),
        new(GgufTensorType.IQ4_XS, 256, 136, TableBlocks.IQ4_XS),
        new(GgufTensorType.MXFP4, 32, 17, TableBlocks.MXFP4),
    }.ToDictionary(format => (uint)format.Type);

    public static string Names { get; } = string.Join(", ", All.Values.Select(format => format.Type));

    public static TensorFormat? Find(uint type) => All.GetValueOrDefault(type);
}
