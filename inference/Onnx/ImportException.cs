namespace Serverless.Inference.Onnx;

/// <summary>A model cannot be imported; the message says why and what to do.</summary>
public sealed class ImportException : Exception
{
    public ImportException()
    {
    }

    public ImportException(string message)
        : base(message)
    {
    }

    public ImportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
