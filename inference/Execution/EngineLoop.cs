using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>The body of the engine's loop: plan, run, commit. Used by one thread.</summary>
internal sealed class EngineLoop
{
    private readonly IModelRunner _runner;
    private readonly Func<SequenceRequest, IChoiceText> _texts;
    private readonly BlockPool _pool;
    private readonly Scheduler _scheduler;
    private readonly RowSampler _sampler;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, Choice> _choices = [];
    private readonly List<Choice> _rows = [];
    private List<SequenceOutput> _outputs = [];
    private EngineStatistics _statistics;

    public EngineLoop(IModelRunner runner, Func<SequenceRequest, IChoiceText> texts, EngineOptions options, TimeProvider clock)
    {
        (_runner, _texts, _clock) = (runner, texts, clock);
        _pool = new(runner.Limits.Blocks);
        _scheduler = new(options.MaxSequences, options.MaxTokensPerStep, _pool);
        _sampler = new(options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
        _statistics = new() { Blocks = _pool.Count, FreeBlocks = _pool.Free };
    }

    public required Action<IReadOnlyList<SequenceOutput>> Deliver { get; init; }

    /// <summary>Told of each choice that waits no longer, whether it started or ended before.</summary>
    public required Action Started { get; init; }

    public required Action<string> Ended { get; init; }

    public bool HasWork => _scheduler.HasWork;

    public EngineStatistics Statistics => Volatile.Read(ref _statistics);

    public void Take(IReadOnlyList<SequenceRequest>? arrivals, string? cancel)
    {
        if (cancel is not null && _choices.TryGetValue(cancel, out var cancelled))
        {
            Finish(cancelled, cancelled.Leave(FinishReason.Cancelled));
        }

        Choice? leader = null;
        foreach (var request in arrivals ?? [])
        {
            leader = Accept(request, leader);
        }
    }

    public void Step()
    {
        var started = _clock.GetTimestamp();
        var plan = _scheduler.PlanStep();
        if (plan.IsEmpty)
        {
            throw new InvalidOperationException("The scheduler has work and plans none of it.");
        }

        var prompts = NoteStarts(plan);
        var generated = RunAndCommit(plan);
        Hand();
        Volatile.Write(ref _statistics, _statistics with
        {
            Running = _scheduler.Running,
            FreeBlocks = _pool.Free,
            Steps = _statistics.Steps + 1,
            PromptTokens = _statistics.PromptTokens + prompts.Tokens,
            CachedPromptTokens = _statistics.CachedPromptTokens + prompts.Cached,
            GeneratedTokens = _statistics.GeneratedTokens + generated,
            Preemptions = _scheduler.Preemptions,
            Busy = _statistics.Busy + _clock.GetElapsedTime(started),
        });
    }

    /// <summary>Hands over what arrivals and cancellations left, and checks that every block came back.</summary>
    public void Idle()
    {
        Hand();
        Volatile.Write(ref _statistics, _statistics with { Running = 0, FreeBlocks = _pool.Free });
        if (_scheduler.FindLeak() is { } leak)
        {
            throw new InvalidOperationException(leak);
        }
    }

    // Returns the choice that later ones of the job share their prompt with.
    private Choice? Accept(SequenceRequest request, Choice? leader)
    {
        if (string.Join(" ", request.Problems(_runner.Limits)) is { Length: > 0 } problems)
        {
            Refuse(request, problems);
            return leader;
        }

        var choice = new Choice(request, leader, _runner.Limits.EosTokens, _texts(request));
        if (choice.End is { } end)
        {
            Finish(choice, new(request, choice.Sequence.GeneratedTokens, [], choice.ResumeText, null, end));
            return leader;
        }

        if (_scheduler.Refuse(choice.Sequence) is { } reason)
        {
            Refuse(request, reason);
            return leader;
        }

        _choices.Add(request.Id, choice);
        _scheduler.Add(choice.Sequence);
        return leader ?? choice;
    }

    private void Refuse(SequenceRequest request, string reason)
    {
        var end = new SequenceEnd(FinishReason.Failed, reason, request.Prompt.Count, 0, request.Generated.Count);
        _outputs.Add(new(request, request.Generated.Count, [], "", null, end));
        Started();
        Ended(request.Id);
    }

    private (int Tokens, int Cached) NoteStarts(StepPlan plan)
    {
        var (tokens, cached) = (0, 0);
        foreach (var slice in plan.Slices)
        {
            var choice = _choices[slice.Sequence.Id];
            if (choice.Started)
            {
                continue;
            }

            choice.Started = true;
            Started();
            tokens += slice.Sequence.PromptTokens;
            cached += slice.Sequence.CachedPromptTokens ?? 0;
        }

        return (tokens, cached);
    }

    // Returns how many tokens came out.
    private int RunAndCommit(StepPlan plan)
    {
        Memory<float> logits;
        try
        {
            logits = _runner.Run(plan);
        }
        catch (ModelException error)
        {
            foreach (var slice in plan.Slices)
            {
                var choice = _choices[slice.Sequence.Id];
                Finish(choice, choice.Leave(FinishReason.Failed, error.Message));
            }

            return 0;
        }

        _scheduler.Commit(plan);
        _rows.Clear();
        _rows.AddRange(plan.Slices.Where(slice => slice.WantsLogits).Select(slice => _choices[slice.Sequence.Id]));
        var outcomes = _sampler.Choose(_rows, logits, _runner.Limits.Vocabulary);
        var generated = 0;
        foreach (var (choice, outcome) in _rows.Zip(outcomes))
        {
            var output = outcome.Error is { } error
                ? choice.Leave(FinishReason.Failed, error)
                : choice.Take(outcome.Sampled.Token, outcome.Sampled.Logprob);
            generated += output.Tokens.Count;
            Finish(choice, output);
        }

        return generated;
    }

    private void Finish(Choice choice, SequenceOutput output)
    {
        _outputs.Add(output);
        if (output.End is null)
        {
            return;
        }

        _choices.Remove(choice.Request.Id);
        _scheduler.Retire(choice.Sequence);
        if (!choice.Started)
        {
            Started();
        }

        Ended(choice.Request.Id);
    }

    private void Hand()
    {
        if (_outputs.Count > 0)
        {
            // The receiver may keep the list, so the next step fills another.
            var outputs = _outputs;
            _outputs = [];
            Deliver(outputs);
        }
    }
}
