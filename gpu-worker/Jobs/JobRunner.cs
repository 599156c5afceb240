using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.GpuWorker.Models;
using Serverless.GpuWorker.Prompts;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Runs delivered jobs: claim, resume, generate, commit, and only then complete the message.</summary>
/// <remarks>
/// 1. <see cref="StartAsync"/> reads the message and claims the job; what is final already is only settled.
/// 2. The prompt and the tokens of earlier epochs go to the engine.
/// 3. The event loop carries the tokens out; <see cref="Commit"/> creates the result and completes the message.
/// A kill between any two steps leaves the message with the broker, and the next worker goes on from the events.
/// </remarks>
internal sealed partial class JobRunner : IAsyncDisposable
{
    private const string AttemptsExhausted = "attempts_exhausted";
    private static readonly TimeSpan PutBackPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<JobId, RunningJob> _running = new();
    private readonly ConcurrentDictionary<Task, byte> _commits = new();
    private readonly IJobStore _store;
    private readonly IHotState _hotState;
    private readonly int _maxAttempts;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly EventLoop _events;
    private Task _eventTask = Task.CompletedTask;
    private IAsyncDisposable? _cancels;

    public JobRunner(IJobStore store, IHotState hotState, WorkerOptions options, TimeProvider clock, ILogger logger)
    {
        (_store, _hotState, _maxAttempts, _clock, _logger) = (store, hotState, options.MaxAttempts, clock, logger);
        _events = new EventLoop(hotState, Commit, Stop, Drop, logger);
    }

    /// <summary>Called once for each job that leaves the worker, however it ended.</summary>
    public event Action? Left;

    public ServedModel Model { get; private set; } = null!;

    public IEnumerable<RunningJob> Running => _running.Values;

    /// <summary>Takes a step from the engine's thread.</summary>
    public void OnStep(IReadOnlyList<Inference.Scheduling.SequenceOutput> outputs) => _events.Post(outputs);

    public async Task BeginAsync(ServedModel model, CancellationToken cancellationToken)
    {
        Model = model;
        _events.Tokenizer = model.Tokenizer;
        _eventTask = Task.Run(_events.RunAsync, CancellationToken.None);
        _cancels = await _hotState.OnCancelAsync(id =>
        {
            if (_running.TryGetValue(id, out var job))
            {
                Stop(job);
            }
        }, cancellationToken);
    }

    /// <summary>Starts one delivered message; its slot is free again when <see cref="Left"/> is raised.</summary>
    public async Task StartAsync(ReceivedMessage message, IQueueReceiver receiver)
    {
        try
        {
            if (await TryStartAsync(message, receiver))
            {
                return;
            }
        }
        catch (Exception error) when (error is HotStateUnavailableException or Core.Store.StoreException or QueueException)
        {
            LogPutBack(_logger, message.Message.Id, error.Message);
            await PutBackAsync(message, receiver);
        }
        catch (Exception error)
        {
            // Whatever it is about this job, the worker goes on; the delivery counts, so it ends after the last attempt.
            LogNotStarted(_logger, message.Message.Id, error);
            await Task.Delay(PutBackPause, _clock);
            await SettleAsync(() => receiver.AbandonAsync(message, CancellationToken.None), message.Message.Id);
        }

        Left?.Invoke();
    }

    /// <summary>Hands every running job back to the queue, so that another worker resumes it.</summary>
    public async Task HandBackAsync()
    {
        foreach (var job in _running.Values.ToArray())
        {
            Drop(job);
            await SettleAsync(() => job.Receiver.ReleaseAsync(job.Message, CancellationToken.None), job.Message.Message.Id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cancels is not null)
        {
            await _cancels.DisposeAsync();
        }

        _events.Complete();
        await _eventTask;
        await Task.WhenAll(_commits.Keys);
    }

    private async Task<bool> TryStartAsync(ReceivedMessage message, IQueueReceiver receiver)
    {
        if (await ReadAsync(message) is not { } job)
        {
            LogUnreadable(_logger, message.Message.Id);
            await receiver.DeadLetterAsync(message, "unreadable", "The body is no job message of a known schema, and the store has no such job.", CancellationToken.None);
            return false;
        }

        // A redelivery may follow a commit whose message was never completed.
        if (message.DeliveryCount > 1 && await IsDoneAsync(job, message, receiver))
        {
            return false;
        }

        var claim = await ClaimAsync(job, message.DeliveryCount);
        // A message that was given back counts as not delivered, and hot state may know of an end sooner.
        if ((claim.State.IsFinal() || claim.Epoch > 1) && message.DeliveryCount == 1 && await IsDoneAsync(job, message, receiver))
        {
            return false;
        }

        if (claim.State.IsFinal())
        {
            // The store is the truth: without a result there the job has not ended, whatever hot state says.
            LogReopened(_logger, job.Id, claim.State);
            await _hotState.ReopenAsync(job.Id, CancellationToken.None);
            claim = await ClaimAsync(job, message.DeliveryCount);
        }

        var running = new RunningJob(job, message, receiver, claim);
        if (EndBeforeStart(running, claim) is { } early)
        {
            await CommitAsync(running, early);
            return false;
        }

        var (prompts, error) = PromptBuilder.Build(job, Model);
        if (error is not null)
        {
            await CommitAsync(running, running.Result(Model.Deployment.Fingerprint, _clock.GetUtcNow(), JobState.Failed, error));
            return false;
        }

        return await SubmitAsync(running, prompts);
    }

    // Hot state is told once more: whoever made the result may have died before that.
    private async Task<bool> IsDoneAsync(Job job, ReceivedMessage message, IQueueReceiver receiver)
    {
        if (await _store.FindResultAsync(job.Id, CancellationToken.None) is not { } result)
        {
            return false;
        }

        await _store.CommitAsync(job, result, CancellationToken.None);
        await SettleAsync(message, receiver, result);
        return true;
    }

    private async Task<bool> SubmitAsync(RunningJob running, IReadOnlyList<int[]> prompts)
    {
        _running[running.Job.Id] = running;
        _events.Track(running);
        foreach (var group in SequenceRequests.For(running, prompts, Model.Config.ContextLength))
        {
            if (!Model.Engine.TrySubmit(group))
            {
                // Too many sequences wait already. The slot stays taken until the message is back.
                Forget(running);
                await PutBackAsync(running.Message, running.Receiver);
                return false;
            }
        }

        return true;
    }

    // Without hot state the job runs all the same: the broker's count serves as its epoch, and the result needs only the store.
    private async Task<Claim> ClaimAsync(Job job, int deliveryCount)
    {
        try
        {
            return await _hotState.ClaimAsync(job, deliveryCount, CancellationToken.None);
        }
        catch (HotStateUnavailableException error)
        {
            LogClaimedAlone(_logger, job.Id, error.Message);
            return new Claim(deliveryCount, JobState.Running, CancelRequested: false, [], _clock.GetUtcNow(), deliveryCount);
        }
    }

    // Whatever is missing here is not the job's fault, so this is no attempt; the pause keeps it from coming straight back.
    private async Task PutBackAsync(ReceivedMessage message, IQueueReceiver receiver)
    {
        await Task.Delay(PutBackPause, _clock);
        await SettleAsync(() => receiver.ReleaseAsync(message, CancellationToken.None), message.Message.Id);
    }

    private JobResult? EndBeforeStart(RunningJob running, Claim claim)
    {
        var now = _clock.GetUtcNow();
        if (claim.CancelRequested)
        {
            return running.Result(Model.Deployment.Fingerprint, now, JobState.Cancelled);
        }

        if (running.Job.Deadline is { } deadline && deadline <= now)
        {
            return running.Result(Model.Deployment.Fingerprint, now, JobState.Expired);
        }

        return claim.Attempts > _maxAttempts
            ? running.Result(Model.Deployment.Fingerprint, now, JobState.Failed,
                JobError.Server($"The job was given up after {_maxAttempts} attempts in a row that brought it no further.", AttemptsExhausted))
            : null;
    }

    private async Task<Job?> ReadAsync(ReceivedMessage message)
    {
        try
        {
            var body = JsonSerializer.Deserialize(message.Message.Body.Span, JobJson.Default.JobMessage);
            return body is null || body.Schema != JobMessage.CurrentSchema ? null
                : body.Request ?? await _store.FindAsync(body.Job, CancellationToken.None);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Stops generating; the engine's ends bring the job to its commit.</summary>
    public void Stop(RunningJob job)
    {
        foreach (var id in job.SequenceIds)
        {
            Model.Engine.Cancel(id);
        }
    }

    private void Drop(RunningJob job)
    {
        if (Forget(job))
        {
            Left?.Invoke();
        }
    }

    private bool Forget(RunningJob job)
    {
        // A later claim of the same job may stand here under the same id.
        if (!_running.TryRemove(new(job.Job.Id, job)))
        {
            return false;
        }

        _events.Forget(job);
        Stop(job);
        return true;
    }

    private void Commit(RunningJob job)
    {
        var now = _clock.GetUtcNow();
        JobState? expired = job.Job.Deadline <= now ? JobState.Expired : null;
        var result = job.Result(Model.Deployment.Fingerprint, now);
        if (result.State == JobState.Cancelled && expired is not null)
        {
            result = result with { State = JobState.Expired };
        }

        var commit = Task.Run(async () =>
        {
            try
            {
                await CommitAsync(job, result);
            }
            catch (Exception error) when (error is HotStateUnavailableException or Core.Store.StoreException or QueueException)
            {
                LogPutBack(_logger, job.Message.Message.Id, error.Message);
                await PutBackAsync(job.Message, job.Receiver);
            }
            finally
            {
                if (_running.TryRemove(new(job.Job.Id, job)))
                {
                    Left?.Invoke();
                }
            }
        });
        _commits[commit] = 0;
        commit.ContinueWith(done => _commits.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task CommitAsync(RunningJob job, JobResult result)
    {
        var (_, stands) = await _store.CommitAsync(job.Job, result, CancellationToken.None);
        await SettleAsync(job.Message, job.Receiver, stands);
    }

    private Task SettleAsync(ReceivedMessage message, IQueueReceiver receiver, JobResult result) => SettleAsync(
        () => result.Error is { Code: AttemptsExhausted } error
            ? receiver.DeadLetterAsync(message, AttemptsExhausted, error.Message, CancellationToken.None)
            : receiver.CompleteAsync(message, CancellationToken.None),
        message.Message.Id);

    // A settlement that fails leaves the message to its lock; it comes again and finds the result.
    private async Task SettleAsync(Func<Task> settle, string id)
    {
        try
        {
            await settle();
        }
        catch (QueueException error)
        {
            LogUnsettled(_logger, id, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Job {Job} goes back to its queue: {Reason}")]
    private static partial void LogPutBack(ILogger logger, string job, string reason);

    [LoggerMessage(LogLevel.Warning, "Job {Job} runs without hot state: {Reason}")]
    private static partial void LogClaimedAlone(ILogger logger, JobId job, string reason);

    [LoggerMessage(LogLevel.Warning, "Message {Job} could not be settled and will come again: {Reason}")]
    private static partial void LogUnsettled(ILogger logger, string job, string reason);

    [LoggerMessage(LogLevel.Warning, "Hot state calls job {Job} {State}, but it has no result; it is run.")]
    private static partial void LogReopened(ILogger logger, JobId job, JobState state);

    [LoggerMessage(LogLevel.Error, "Job {Job} could not be started; this counts as an attempt.")]
    private static partial void LogNotStarted(ILogger logger, string job, Exception error);

    [LoggerMessage(LogLevel.Error, "Message {Job} is no job and was dead-lettered.")]
    private static partial void LogUnreadable(ILogger logger, string job);
}
