namespace Serverless.Inference.Tokenization;

/// <summary>A tokenizer that cannot be made from the data given.</summary>
public sealed class TokenizerException(string message, Exception? innerException = null) : Exception(message, innerException);
