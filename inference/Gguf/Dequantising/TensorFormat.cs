namespace Serverless.Inference.Gguf.Dequantising;

/// <summary>A storage format: blocks of <paramref name="BlockElements"/> values in <paramref name="BlockBytes"/> bytes.</summary>
/// <remarks><paramref name="Decode"/> turns whole blocks into float32, bit for bit as llama.cpp's reference code does.</remarks>
internal sealed record TensorFormat(GgufTensorType Type, int BlockElements, int BlockBytes, BlockDecoder Decode);

/// <summary>Decodes whole blocks.</summary>
internal delegate void BlockDecoder(ReadOnlySpan<byte> blocks, Span<float> values);
