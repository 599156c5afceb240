namespace Serverless.Inference.Onnx;

/// <summary>How an imported model computes.</summary>
public enum ModelPrecision
{
    /// <summary>Int8 weights and activations, bfloat16 key/value cache: the fast one.</summary>
    Quantised,

    /// <summary>Float32 throughout, as the file says: the reference.</summary>
    Full,
}
