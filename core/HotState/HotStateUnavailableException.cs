namespace Serverless.Core.HotState;

/// <summary>Redis did not answer, or refused; the call may or may not have had an effect. Nothing of value is lost.</summary>
public sealed class HotStateUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
