using Serverless.Local.Broker.Journal;

namespace Serverless.Local.Broker;

/// <summary>Runs the commands of all connections one after the other, so that the queues need no locks.</summary>
/// <remarks>
/// Whoever posts while nobody runs becomes the runner. A turn is: (1) apply every waiting command, (2) match ready
/// messages with waiting receivers, (3) commit the journal in one write, (4) only then answer. A sender alone thus waits
/// for one write and no thread switch, and many senders share a write.
/// </remarks>
internal sealed class CommandLoop(FileJournal journal, Action match, Action committed, Action<Exception> failed)
{
    private const int MaxTurns = 64;
    private readonly Lock _lock = new();
    private readonly List<Action> _effects = [];
    private List<Action> _waiting = [];
    private List<Action> _running = [];
    private bool _busy;
    private bool _stopped;
    private Action? _onStopped;

    /// <summary>Has the command run soon, on this thread or another.</summary>
    public void Post(Action command)
    {
        lock (_lock)
        {
            _waiting.Add(command);
            if (_busy)
            {
                return;
            }

            _busy = true;
        }

        Run();
    }

    /// <summary>Has an answer given after the current turn is durable; only a command may call it.</summary>
    public void AfterCommit(Action effect) => _effects.Add(effect);

    /// <summary>Runs what was posted before, then nothing more, and says when that is so.</summary>
    public void Stop(Action stopped)
    {
        _onStopped = stopped;
        Post(() => _stopped = true);
    }

    private void TellStopped() => Interlocked.Exchange(ref _onStopped, null)?.Invoke();

    private void Run()
    {
        for (var turn = 0; turn < MaxTurns; turn++)
        {
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _busy = false;
                    return;
                }

                (_waiting, _running) = (_running, _waiting);
            }

            Turn();
        }

        // The thread belongs to a connection, which has more to read.
        ThreadPool.UnsafeQueueUserWorkItem(static loop => loop.Run(), this, preferLocal: false);
    }

    private void Turn()
    {
        if (_stopped)
        {
            // Nothing can be promised any more: no answer is better than a false one.
            _running.Clear();
            TellStopped();
            return;
        }

        try
        {
            foreach (var command in _running)
            {
                command();
            }

            match();
            journal.Commit();
            foreach (var effect in _effects)
            {
                effect();
            }

            committed();
        }
        catch (Exception error)
        {
            _stopped = true;
            failed(error);
        }
        finally
        {
            _running.Clear();
            _effects.Clear();
            if (_stopped)
            {
                TellStopped();
            }
        }
    }
}
