using System.Collections.Concurrent;
using System.Threading.Channels;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Execution;

/// <summary>Runs every accepted sequence to its end, many at a time.</summary>
/// <remarks>
/// One thread owns all state and sleeps while there is nothing to do. Others hand it work through a channel; each step's
/// outputs go to one callback. Sequences that a stop finds unfinished get no end: their job goes on elsewhere.
/// </remarks>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<string, byte> _ids = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EngineLoop _loop;
    private readonly IModelRunner _runner;
    private readonly EngineOptions _options;
    private int _unstarted;
    private int _unfinished;
    private int _stopping;

    private InferenceEngine(
        IModelRunner runner,
        Func<SequenceRequest, IChoiceText> texts,
        EngineOptions options,
        Action<IReadOnlyList<SequenceOutput>> onStep,
        TimeProvider clock)
    {
        (_runner, _options) = (runner, options);
        _loop = new(runner, texts, options, clock)
        {
            Deliver = onStep,
            Started = () => Interlocked.Decrement(ref _unstarted),
            Ended = Forget,
        };
    }

    /// <summary>Ends when the engine has stopped; fails if a fault of its own or of the callback stopped it.</summary>
    public Task Completion => _completion.Task;

    public EngineStatistics Statistics => _loop.Statistics with
    {
        Waiting = Volatile.Read(ref _unstarted),
        FreeSequences = Math.Max(0, _options.MaxSequences - Volatile.Read(ref _unfinished)),
    };

    /// <summary>Loads an imported model and its tokenizer, and starts to take sequences.</summary>
    /// <param name="model">The model, as <see cref="ModelCache"/> gives it.</param>
    /// <param name="options">How much to take on; refused when out of range.</param>
    /// <param name="onStep">Called on the engine's thread with what each step gave; it must be quick and must not throw.</param>
    /// <param name="clock">Measures the time of steps.</param>
    /// <exception cref="ModelException">The model cannot be loaded.</exception>
    /// <exception cref="TokenizerException">The vocabulary beside the model cannot be used.</exception>
    public static (InferenceEngine Engine, Tokenizer Tokenizer) Load(
        ImportedModel model, EngineOptions options, Action<IReadOnlyList<SequenceOutput>> onStep, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        // Each takes about as long as the other, and keeps one core busy.
        var reading = Task.Run(() => Tokenizer.Create(TokenizerData.Load(model.Folder)));
        var runner = ModelRunner.Load(model, options);
        try
        {
            var tokenizer = reading.GetAwaiter().GetResult();
            return (Start(runner, request => new ChoiceText(tokenizer, request.Stop), options, onStep, clock), tokenizer);
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    internal static InferenceEngine Start(
        IModelRunner runner,
        Func<SequenceRequest, IChoiceText> texts,
        EngineOptions options,
        Action<IReadOnlyList<SequenceOutput>> onStep,
        TimeProvider clock)
    {
        options.ThrowIfInvalid();
        var engine = new InferenceEngine(runner, texts, options, onStep, clock);
        new Thread(engine.RunToTheEnd) { Name = "engine", IsBackground = true }.Start();
        return engine;
    }

    /// <summary>Takes the choices of one job, which share the prompt: the first computes it and the others share its blocks.</summary>
    /// <returns>False when too many sequences wait already; try again later or elsewhere.</returns>
    /// <remarks>A request that this model cannot run is taken and ends at once as failed, with the reason.</remarks>
    /// <exception cref="ArgumentException">There is no choice, or the engine has an unfinished sequence of the same id.</exception>
    /// <exception cref="InvalidOperationException">The engine has stopped.</exception>
    public bool TrySubmit(IReadOnlyList<SequenceRequest> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        ArgumentOutOfRangeException.ThrowIfZero(choices.Count);
        if (Interlocked.Add(ref _unstarted, choices.Count) > _options.MaxWaiting)
        {
            Interlocked.Add(ref _unstarted, -choices.Count);
            return false;
        }

        Interlocked.Add(ref _unfinished, choices.Count);
        var problem = Remember(choices);
        if (problem is null && _commands.Writer.TryWrite(new(choices, null)))
        {
            return true;
        }

        Interlocked.Add(ref _unstarted, -choices.Count);
        Interlocked.Add(ref _unfinished, -choices.Count);
        throw problem ?? (Exception)new InvalidOperationException(
            "The engine has stopped and takes no more sequences.", Completion.Exception?.InnerException);
    }

    /// <summary>Ends a sequence within one step; its end is still given. An unknown or ended id is no error.</summary>
    public void Cancel(string id) => _commands.Writer.TryWrite(new(null, id));

    /// <summary>Stops after the running step.</summary>
    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _stopping, 1);
        _commands.Writer.TryComplete();
        // A fault is told by Completion; stopping is no place to tell it again.
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ArgumentException? Remember(IReadOnlyList<SequenceRequest> choices)
    {
        for (var i = 0; i < choices.Count; i++)
        {
            if (_ids.TryAdd(choices[i].Id, 0))
            {
                continue;
            }

            foreach (var earlier in choices.Take(i))
            {
                _ids.TryRemove(earlier.Id, out _);
            }

            return new($"Sequence {choices[i].Id} is still running; cancel it and wait for its end before it is submitted again.", nameof(choices));
        }

        return null;
    }

    private void Forget(string id)
    {
        _ids.TryRemove(id, out _);
        Interlocked.Decrement(ref _unfinished);
    }

    private void RunToTheEnd()
    {
        try
        {
            using (_runner)
            {
                Run();
            }

            _completion.SetResult();
        }
        catch (Exception fault)
        {
            _commands.Writer.TryComplete(fault);
            _completion.SetException(fault);
        }
    }

    private void Run()
    {
        while (Volatile.Read(ref _stopping) == 0)
        {
            while (_commands.Reader.TryRead(out var command))
            {
                _loop.Take(command.Arrivals, command.Cancel);
            }

            if (_loop.HasWork)
            {
                _loop.Step();
                continue;
            }

            _loop.Idle();
            if (!_commands.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    private readonly record struct Command(IReadOnlyList<SequenceRequest>? Arrivals, string? Cancel);
}
