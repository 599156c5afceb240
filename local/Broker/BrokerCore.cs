using Amqp;
using Serverless.Local.Broker.Journal;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker;

/// <summary>The queues with all that turns them: the loop that owns them, the journal, the clock.</summary>
internal sealed class BrokerCore : IDisposable
{
    private readonly FileJournal _journal;
    private readonly ITimer _timer;
    private DateTimeOffset? _alarm;

    public BrokerCore(BrokerOptions options, TimeProvider time, Action<Exception> failed)
    {
        (Options, Time) = (options, time);
        _journal = new FileJournal(options);
        Key = BrokerKey.LoadOrMake(options.DataFolder);
        State = new BrokerState(options, _journal);
        foreach (var record in _journal.Open())
        {
            State.Restore(record);
        }

        State.PlaceAll(time.GetUtcNow());
        _journal.Commit();
        Dispatcher = new Dispatcher(effect => Loop!.AfterCommit(effect), time);
        Loop = new CommandLoop(_journal, Dispatcher.Match, Committed, failed);
        _timer = time.CreateTimer(_ => Loop.Post(Advance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Loop.Post(Advance);
    }

    public BrokerOptions Options { get; }

    public TimeProvider Time { get; }

    public BrokerKey Key { get; }

    public BrokerState State { get; }

    public Dispatcher Dispatcher { get; }

    public CommandLoop Loop { get; }

    /// <summary>The bytes of the last write before a crash that never became durable.</summary>
    public long TornBytes => _journal.TornBytes;

    /// <summary>Answers a peer who may have gone; false when it has.</summary>
    public static bool Answer(Action answer)
    {
        try
        {
            answer();
            return true;
        }
        catch (Exception error) when (error is AmqpException or ObjectDisposedException or IOException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>Keeps all messages or none; only a command may call it. Returns their sequence numbers, 0 for a duplicate.</summary>
    /// <exception cref="BrokerStateException">The queue is full.</exception>
    public long[] Enqueue(string queue, IReadOnlyCollection<(byte[] Encoded, MessageFacts Facts)> messages)
    {
        var (state, now) = (State.Queue(queue), Time.GetUtcNow());
        state.Demand(messages, now);
        var sequences = messages.Select(message => state.Enqueue(message.Encoded, message.Facts, now)).ToArray();
        Dispatcher.Changed(state);
        return sequences;
    }

    /// <summary>Changes a queue in a way that may make messages ready, there or among its dead letters.</summary>
    public bool Settle(string queue, Func<QueueState, bool> change)
    {
        var state = State.Queue(queue);
        var held = change(state);
        Dispatcher.Changed(state);
        if (!QueueName.IsDeadLetter(queue))
        {
            Dispatcher.Changed(State.Queue(queue + QueueName.DeadLetterSuffix));
        }

        return held;
    }

    /// <summary>Lets the commands before this one end, runs none after it, and closes the journal.</summary>
    public void Stop(Action stopped) => Loop.Stop(() =>
    {
        Dispose();
        stopped();
    });

    public void Dispose()
    {
        _timer.Dispose();
        _journal.Dispose();
    }

    private void Advance()
    {
        _alarm = null;
        var now = Time.GetUtcNow();
        foreach (var queue in State.Queues.ToArray())
        {
            if (queue.NextDue <= now)
            {
                queue.Advance(now);
            }

            Dispatcher.Changed(queue);
        }
    }

    // Runs at the end of each turn, when the file agrees with the queues.
    private void Committed()
    {
        var now = Time.GetUtcNow();
        if (_journal.IsStale(State.Bytes))
        {
            _journal.Rewrite(State.Snapshot(now));
        }

        if (State.NextDue is { } due && (_alarm is null || due < _alarm))
        {
            _alarm = due;
            var wait = due - now;
            _timer.Change(wait > TimeSpan.Zero ? (wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromDays(1)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
