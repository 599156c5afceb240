namespace Serverless.Inference.Onnx;

/// <summary>How far an import is: a fraction from 0 to 1, and what is being done.</summary>
public readonly record struct ImportProgress(double Fraction, string Activity);
