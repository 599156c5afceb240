namespace Serverless.Core.Jobs;

/// <summary>Jobs and results in the store, which is the truth about them.</summary>
public interface IJobStore
{
    /// <summary>Stores an accepted job.</summary>
    /// <returns>False when it was stored before; nothing has changed then.</returns>
    Task<bool> AcceptAsync(Job job, CancellationToken cancellationToken);

    Task<Job?> FindAsync(JobId id, CancellationToken cancellationToken);

    Task<JobResult?> FindResultAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Makes the job done, once, and tells hot state and the webhooks; repeating it after a crash is harmless.</summary>
    /// <returns>Whether this call made it done, and the result that stands: this one or the one that was first.</returns>
    Task<(bool Won, JobResult Result)> CommitAsync(Job job, JobResult result, CancellationToken cancellationToken);
}
