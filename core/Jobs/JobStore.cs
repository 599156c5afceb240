using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Store;
using Serverless.Core.Webhooks;

namespace Serverless.Core.Jobs;

internal sealed partial class JobStore(IBlobStore store, IHotState hotState, TimeProvider clock, ILogger<JobStore> logger, WebhookOutbox? webhooks = null) : IJobStore
{
    private const int Attempts = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    public Task<bool> AcceptAsync(Job job, CancellationToken cancellationToken) =>
        CreateAsync(job.RequestPath, job, JobJson.Default.Job, cancellationToken);

    public Task<Job?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        ReadAsync(id.Folder + "job.json", JobJson.Default.Job, cancellationToken);

    public Task<JobResult?> FindResultAsync(JobId id, CancellationToken cancellationToken) =>
        ReadAsync(id.ResultPath, JobJson.Default.JobResult, cancellationToken);

    public async Task<(bool Won, JobResult Result)> CommitAsync(Job job, JobResult result, CancellationToken cancellationToken)
    {
        if (result.Id != job.Id || !result.State.IsFinal())
        {
            throw new ArgumentException($"Job {job.Id} ends with its own result in a final state; this is {result.Id}, {result.State}.", nameof(result));
        }

        var won = await CreateAsync(job.ResultPath, result, JobJson.Default.JobResult, cancellationToken);
        var stands = won ? result : await FindResultAsync(job.Id, cancellationToken)
            ?? throw new StoreException($"The result of {job.Id} was deleted while it was being committed.", isTransient: true);
        await TellHotStateAsync(job, stands, cancellationToken);
        if (webhooks is not null)
        {
            await webhooks.TellAsync(job, stands, cancellationToken);
        }

        return (won, stands);
    }

    // The result is safe by now: readers who hear nothing find it in the store.
    private async Task TellHotStateAsync(Job job, JobResult result, CancellationToken cancellationToken)
    {
        try
        {
            await RetryAsync(async () =>
            {
                await hotState.FinishAsync(job, result, cancellationToken);
                return true;
            }, error => error is HotStateUnavailableException, cancellationToken);
        }
        catch (HotStateUnavailableException error)
        {
            LogUntold(logger, job.Id, result.State, error);
        }
    }

    private Task<bool> CreateAsync<T>(string path, T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(value, type);
        return RetryAsync(() => store.TryCreateAsync(path, content, cancellationToken), IsTransient, cancellationToken);
    }

    private async Task<T?> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var content = await RetryAsync(() => store.ReadAsync(path, cancellationToken), IsTransient, cancellationToken);
        return content is { } json ? JsonSerializer.Deserialize(json.Span, type) : null;
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> call, Func<Exception, bool> isTransient, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception error) when (attempt < Attempts && isTransient(error))
            {
                await Task.Delay(FirstPause * (1 << (attempt - 1)), clock, cancellationToken);
            }
        }
    }

    private static bool IsTransient(Exception error) => error is StoreException { IsTransient: true };

    [LoggerMessage(LogLevel.Warning, "Job {Job} is stored as {State}, but hot state could not be told.")]
    private static partial void LogUntold(ILogger logger, JobId job, JobState state, Exception error);
}
