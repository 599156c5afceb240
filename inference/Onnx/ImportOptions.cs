namespace Serverless.Inference.Onnx;

/// <summary>How to import a model.</summary>
public sealed class ImportOptions
{
    /// <summary>Default: <see cref="ModelPrecision.Quantised"/>.</summary>
    public ModelPrecision Precision { get; init; } = ModelPrecision.Quantised;

    /// <summary>Threads that convert weights; the result does not depend on it. Default: one per processor.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Paces the wait for another process that imports the same model.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
