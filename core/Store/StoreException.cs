namespace Serverless.Core.Store;

/// <summary>The store could not do what was asked.</summary>
/// <param name="message">What failed and what to do.</param>
/// <param name="isTransient">Whether the same call may succeed later.</param>
/// <param name="inner">The cause, when there is one.</param>
public sealed class StoreException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    public bool IsTransient { get; } = isTransient;
}
