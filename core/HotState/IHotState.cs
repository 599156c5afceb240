using Serverless.Core.Jobs;

namespace Serverless.Core.HotState;

/// <summary>What is known of jobs in flight. It may vanish at any moment; losing it costs speed, never a job.</summary>
public interface IHotState
{
    /// <summary>Looks in the prompt cache and joins or leads the flight of equal requests, in one round trip.</summary>
    Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken);

    /// <summary>Gives up the lead of a flight whose job was refused after all; those who joined get a final event with an error.</summary>
    Task LeaveFlightAsync(string promptKey, JobId leader, CancellationToken cancellationToken);

    /// <summary>Makes an accepted job visible as queued.</summary>
    Task AddAsync(Job job, bool attached, CancellationToken cancellationToken);

    /// <summary>Takes the job for a worker: a new epoch, and the events that earlier epochs wrote.</summary>
    /// <param name="job">The job to take.</param>
    /// <param name="deliveryCount">The broker's count, the least epoch when the state was lost.</param>
    Task<Claim> ClaimAsync(Job job, int deliveryCount, CancellationToken cancellationToken);

    /// <summary>Takes back an end that the store knows nothing of: the job waits again, without events, and epochs go on growing.</summary>
    Task ReopenAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Appends one step's events of many jobs in one pipeline.</summary>
    /// <returns>What each append met, in the order given.</returns>
    Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<Append> appends, CancellationToken cancellationToken);

    /// <summary>Records a committed result: the final state and event, and the prompt cache when the job has a key and succeeded.</summary>
    /// <remarks>Where events before the end are missing, the list gets no end: its readers then take the rest from the store.</remarks>
    Task FinishAsync(Job job, JobResult result, CancellationToken cancellationToken);

    /// <returns>What is known of the job, or null.</returns>
    Task<JobStatus?> ReadAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Follows a job's events from a number on; ends after the final event.</summary>
    /// <remarks>
    /// The subscription stands before the first read, so none is missed. A reader outlives the loss of Redis and of what
    /// it held: once the result is in the store, the rest comes from there.
    /// </remarks>
    Task<IEventReader> FollowAsync(JobId id, long from, CancellationToken cancellationToken);

    /// <summary>Asks the job's worker to stop within a step.</summary>
    Task CancelAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Counts one more synchronous reader of a job that others share; a background request that joins attaches and never detaches.</summary>
    /// <returns>False when the job is final or was asked to stop: admit the request again.</returns>
    Task<bool> AttachAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Counts one synchronous reader less; the job is cancelled when the last leaves before its end and nobody asked for it in the background.</summary>
    Task DetachAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Notes for ten minutes that a job is the one of a request, for a client that sends the request again.</summary>
    Task NoteRequestAsync(string digest, JobId job, CancellationToken cancellationToken);

    /// <returns>The job that was noted for the request, or null.</returns>
    Task<JobId?> FindRequestAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Calls back for every job that is asked to stop, until disposed.</summary>
    Task<IAsyncDisposable> OnCancelAsync(Action<JobId> cancelled, CancellationToken cancellationToken);
}
