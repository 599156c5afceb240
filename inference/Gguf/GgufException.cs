namespace Serverless.Inference.Gguf;

/// <summary>A model file that is damaged, truncated or not understood; the message names the field and its byte offset.</summary>
public sealed class GgufException : Exception
{
    public GgufException()
    {
    }

    public GgufException(string message)
        : base(message)
    {
    }

    public GgufException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal GgufException(long offset, string field, string problem)
        : base($"At byte {offset}, {field}: {problem}")
    {
        Offset = offset;
        Field = field;
    }

    /// <summary>Where in the file the field starts, in bytes.</summary>
    public long Offset { get; }

    public string? Field { get; }
}
