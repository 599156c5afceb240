namespace Serverless.Inference.Execution;

/// <summary>The model could not be loaded or a step of it could not run; the message says why.</summary>
public sealed class ModelException : Exception
{
    public ModelException()
    {
    }

    public ModelException(string message)
        : base(message)
    {
    }

    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
