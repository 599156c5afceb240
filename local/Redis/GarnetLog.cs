namespace Serverless.Local.Redis;

/// <summary>Carries Garnet's own log to ours at the level Debug, and notices when the replay of its log failed.</summary>
internal sealed class GarnetLog(ILogger logger) : ILoggerFactory, ILogger
{
    /// <summary>The first error that was met while earlier data was read; null when there was none.</summary>
    public string? ReplayError { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("Garnet's log goes to one place.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error || logger.IsEnabled(LogLevel.Debug);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error && exception is not null)
        {
            ReplayError ??= $"{formatter(state, exception)} {exception.Message}";
        }

        logger.Log(LogLevel.Debug, eventId, state, exception, formatter);
    }

    public void Dispose()
    {
        // There is nothing to let go of; Garnet may still log.
    }
}
