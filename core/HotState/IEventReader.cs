using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>A subscription to one job's events; disposing it ends it.</summary>
public interface IEventReader : IAsyncDisposable
{
    /// <returns>The next events in order, as their first number and JSON each; empty after the final event.</returns>
    ValueTask<EventPage> ReadAsync(CancellationToken cancellationToken);
}

/// <param name="First">The number of the first event.</param>
/// <param name="Events">Consecutive events; empty when the job has ended and all were read.</param>
public readonly record struct EventPage(long First, IReadOnlyList<JobEvent> Events);
