using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Inference.Scheduling;
using Serverless.Inference.Tokenization;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Carries what the engine produces to those who wait for it: one pipeline of appends for each engine step.</summary>
/// <remarks>
/// 1. The engine's thread hands over a step and goes on.
/// 2. The loop adds each output to its job and appends the new events to hot state.
/// 3. An append tells whether the job was asked to stop, is another worker's now, or lost its earlier events.
/// 4. A job whose choices have all ended is handed to <c>ended</c>, which commits it.
/// While hot state is away the events wait in the running jobs; the result needs only those.
/// </remarks>
internal sealed partial class EventLoop(
    IHotState hotState,
    Action<RunningJob> ended,
    Action<RunningJob> stop,
    Action<RunningJob> superseded,
    ILogger logger)
{
    // A step is at most MaxSequences outputs; a reader that cannot keep up slows the engine rather than filling memory.
    private readonly Channel<IReadOnlyList<SequenceOutput>> _steps =
        Channel.CreateBounded<IReadOnlyList<SequenceOutput>>(new BoundedChannelOptions(256) { SingleReader = true });

    private readonly ConcurrentDictionary<string, (RunningJob Job, int Choice)> _sequences = new();
    private readonly HashSet<RunningJob> _behind = [];

    /// <summary>Tells tokens' bytes; set once the model is loaded.</summary>
    public Tokenizer Tokenizer { get; set; } = null!;

    public void Track(RunningJob job)
    {
        var choice = 0;
        foreach (var id in job.SequenceIds)
        {
            _sequences[id] = (job, choice++);
        }
    }

    public void Forget(RunningJob job)
    {
        foreach (var id in job.SequenceIds)
        {
            _sequences.TryRemove(id, out _);
        }
    }

    /// <summary>Takes one step's outputs from the engine's thread.</summary>
    public void Post(IReadOnlyList<SequenceOutput> outputs)
    {
        if (!_steps.Writer.TryWrite(outputs))
        {
            _steps.Writer.WriteAsync(outputs).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Ends <see cref="RunAsync"/> once every posted step is through.</summary>
    public void Complete() => _steps.Writer.TryComplete();

    public async Task RunAsync()
    {
        var appends = new List<Append>();
        var finished = new List<RunningJob>();
        await foreach (var outputs in _steps.Reader.ReadAllAsync())
        {
            appends.Clear();
            finished.Clear();
            foreach (var job in _behind)
            {
                // The last event is enough: where others are missing, the answer says from which number on.
                appends.Add(new Append(job.Job.Id, job.Epoch, job.Events.Count - 1, job.Events[^1]));
            }

            foreach (var output in outputs)
            {
                Take(output, appends, finished);
            }

            await AppendAsync(appends);
            foreach (var job in finished)
            {
                Forget(job);
                _behind.Remove(job);
                ended(job);
            }
        }
    }

    private void Take(SequenceOutput output, List<Append> appends, List<RunningJob> finished)
    {
        if (!_sequences.TryGetValue(output.Request.Id, out var target))
        {
            return;
        }

        var (job, choice) = target;
        var finish = output.End?.Reason switch
        {
            FinishReason.Stop => "stop",
            FinishReason.Length => "length",
            _ => null,
        };
        // A choice whose end an earlier epoch already wrote ends again on resumption; its event stands.
        if (!job.IsFinished(choice) && (output.Tokens.Count > 0 || output.Text.Length > 0 || finish is not null))
        {
            job.Add(new JobEvent
            {
                Choice = choice,
                TokenIds = output.Tokens,
                Text = output.Text,
                Logprobs = Logprobs.ToCore(output.Logprobs, Tokenizer),
                Finish = finish,
            });
            appends.Add(new Append(job.Job.Id, job.Epoch, job.Events.Count - 1, job.Events[^1]));
        }

        if (output.End is { } end)
        {
            job.End(choice, end);
            if (end.Reason == FinishReason.Failed)
            {
                stop(job);
            }

            if (job.HasEnded)
            {
                finished.Add(job);
            }
        }
    }

    private async Task AppendAsync(List<Append> appends)
    {
        if (appends.Count == 0)
        {
            return;
        }

        try
        {
            var outcomes = await hotState.AppendAsync(appends, CancellationToken.None);
            _behind.Clear();
            for (var i = 0; i < appends.Count; i++)
            {
                await FollowUpAsync(appends[i], outcomes[i]);
            }
        }
        catch (HotStateUnavailableException error)
        {
            LogUnavailable(logger, error.Message);
            Remember(appends);
        }
    }

    private async Task FollowUpAsync(Append append, AppendOutcome outcome)
    {
        if (!_sequences.TryGetValue(RunningJob.SequenceId(append.Job, append.Epoch, 0), out var target))
        {
            return;
        }

        switch (outcome.Status)
        {
            case AppendStatus.CancelRequested:
                stop(target.Job);
                break;
            case AppendStatus.Superseded:
                Forget(target.Job);
                superseded(target.Job);
                break;
            case AppendStatus.Missing:
                await AppendAsync([.. FromNumber(target.Job, outcome.Length)]);
                break;
            case AppendStatus.Appended:
                break;
            default:
                throw new InvalidOperationException($"Unknown outcome {outcome.Status}.");
        }
    }

    private void Remember(List<Append> appends)
    {
        foreach (var append in appends)
        {
            if (_sequences.TryGetValue(RunningJob.SequenceId(append.Job, append.Epoch, 0), out var target))
            {
                _behind.Add(target.Job);
            }
        }
    }

    private static IEnumerable<Append> FromNumber(RunningJob job, long number)
    {
        for (var i = number; i < job.Events.Count; i++)
        {
            yield return new Append(job.Job.Id, job.Epoch, i, job.Events[(int)i]);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Hot state is away ({Reason}); jobs go on and their events wait.")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
