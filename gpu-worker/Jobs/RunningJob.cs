using System.Text;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Inference.Scheduling;

namespace Serverless.GpuWorker.Jobs;

/// <summary>A claimed job between its message and its result: every event so far, and what of it each choice has.</summary>
/// <remarks>Only the event loop changes it.</remarks>
internal sealed class RunningJob
{
    private readonly ChoiceText[] _choices;
    private readonly List<JobEvent> _events;

    public RunningJob(Job job, ReceivedMessage message, IQueueReceiver receiver, Claim claim)
    {
        (Job, Message, Receiver, Epoch, StartedAt) = (job, message, receiver, claim.Epoch, claim.StartedAt);
        _events = [.. claim.Events];
        _choices = new ChoiceText[job.Request.ChoiceCount];
        for (var i = 0; i < _choices.Length; i++)
        {
            _choices[i] = new();
        }

        foreach (var earlier in _events)
        {
            _choices[earlier.Choice].Add(earlier);
        }
    }

    public Job Job { get; }

    public ReceivedMessage Message { get; }

    public IQueueReceiver Receiver { get; }

    public long Epoch { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Every event of the job, those of earlier epochs included; an event's place is its number.</summary>
    public IReadOnlyList<JobEvent> Events => _events;

    public bool HasEnded => Array.TrueForAll(_choices, choice => choice.End is not null);

    public IEnumerable<string> SequenceIds => Enumerable.Range(0, _choices.Length).Select(index => SequenceId(Job.Id, Epoch, index));

    /// <summary>Names a choice to the engine; the epoch tells it from the same choice that an earlier claim left behind.</summary>
    public static string SequenceId(JobId job, long epoch, int choice) => $"{job}/{epoch}/{choice}";

    public IReadOnlyList<int> TokensOf(int choice) => _choices[choice].TokenIds;

    /// <summary>Whether an earlier epoch already saw the choice end.</summary>
    public bool IsFinished(int choice) => _choices[choice].Finish is not null;

    public void Add(JobEvent next)
    {
        _events.Add(next);
        _choices[next.Choice].Add(next);
    }

    public void End(int choice, SequenceEnd end) => _choices[choice].End = end;

    /// <summary>What the job came to, once every choice has ended or with <paramref name="error"/> in place of an answer.</summary>
    public JobResult Result(string fingerprint, DateTimeOffset now, JobState? forced = null, JobError? error = null)
    {
        var ends = _choices.Select(choice => choice.End).OfType<SequenceEnd>().ToArray();
        var failure = ends.FirstOrDefault(end => end.Reason == FinishReason.Failed);
        error ??= failure is null ? null : JobError.Server($"The engine could not run this request: {failure.Error}", "engine_error");
        return new JobResult
        {
            Id = Job.Id,
            Tenant = Job.Tenant,
            Deployment = Job.Deployment,
            State = forced ?? (error is not null ? JobState.Failed
                : ends.Any(end => end.Reason == FinishReason.Cancelled) ? JobState.Cancelled
                : JobState.Succeeded),
            Choices = [.. _choices.Select((choice, index) => choice.ToChoice(index))],
            Usage = Usage(ends),
            Error = error,
            Seed = Job.Seed,
            Fingerprint = fingerprint,
            StartedAt = StartedAt,
            FinishedAt = now,
            Epoch = Epoch,
            Events = _events.Count,
        };
    }

    // The choices of one prompt share it: it is counted once, by the first of them.
    private TokenUsage Usage(SequenceEnd[] ends)
    {
        var prompts = _choices.Where((_, index) => index % Job.Request.ChoicesPerPrompt == 0).Select(choice => choice.End).OfType<SequenceEnd>().ToArray();
        return new TokenUsage
        {
            PromptTokens = prompts.Sum(end => end.PromptTokens),
            CachedPromptTokens = prompts.Sum(end => end.CachedPromptTokens),
            CompletionTokens = ends.Sum(end => end.CompletionTokens),
        };
    }

    private sealed class ChoiceText
    {
        private readonly StringBuilder _text = new();
        private readonly List<TokenLogprob> _logprobs = [];

        public List<int> TokenIds { get; } = [];

        public string? Finish { get; private set; }

        public SequenceEnd? End { get; set; }

        public void Add(JobEvent next)
        {
            TokenIds.AddRange(next.TokenIds);
            _text.Append(next.Text);
            _logprobs.AddRange(next.Logprobs ?? []);
            Finish = next.Finish ?? Finish;
        }

        public Choice ToChoice(int index) => new()
        {
            Index = index,
            Text = _text.ToString(),
            FinishReason = Finish,
            Logprobs = _logprobs.Count > 0 ? _logprobs : null,
        };
    }
}
