namespace Serverless.Inference.Kernels;

/// <summary>An input that the operator cannot work with; the message names the input and the numbers.</summary>
internal sealed class OperatorInputException(string message) : Exception(message);
