namespace Serverless.Inference.Onnx.Writing;

/// <summary>One extent of a shape: a number, or the name of an extent known only at run time.</summary>
internal readonly record struct OnnxDimension(long Size, string? Name)
{
    public static implicit operator OnnxDimension(long size) => new(size, null);

    public static implicit operator OnnxDimension(string name) => new(0, name);
}
