using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Receives from one queue with as much credit as callers wait, over one link that is opened again when lost.</summary>
/// <remarks>
/// The parts: (1) callers wait in <see cref="ReceiveAsync"/>; (2) <see cref="RunAsync"/> keeps a link open while anyone
/// may wait; (3) <see cref="Grant"/> asks for what is missing; (4) <see cref="OnMessage"/> hands a message to the first
/// waiter or keeps it; (5) settlements go over the link that brought the message, or over management when that is gone.
/// </remarks>
internal sealed class ServiceBusReceiver(string queue, ConnectionSource connections, Attempts attempts, QueueOptions options, TimeProvider time) : IQueueReceiver
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<ReceivedMessage>> _waiters = new();
    private readonly Queue<ReceivedMessage> _late = new();
    private readonly CancellationTokenSource _disposed = new();
    private Task _loop = Task.CompletedTask;
    private ReceiverLink? _link;
    private int _credit;

    public async Task<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<ReceivedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<ReceivedMessage>> node;
        lock (_lock)
        {
            while (_late.TryDequeue(out var late))
            {
                // The lock of one that was kept too long has ended, and the queue delivers it again.
                if (late.LockedUntil > time.GetUtcNow())
                {
                    return late;
                }
            }

            node = _waiters.AddLast(waiter);
            if (_loop.IsCompleted)
            {
                _loop = Task.Run(RunAsync, CancellationToken.None);
            }

            Grant();
        }

        using var registration = cancellationToken.UnsafeRegister(_ => Forget(node, cancellationToken), null);
        return await waiter.Task;
    }

    public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, () => new Accepted(), "completed", null, cancellationToken);

    public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, () => new Modified { DeliveryFailed = true }, "abandoned", null, cancellationToken);

    // Over management there is no release; to abandon is the nearest.
    public Task ReleaseAsync(ReceivedMessage message, CancellationToken cancellationToken) =>
        SettleAsync(message, () => new Released(), "abandoned", null, cancellationToken);

    public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellationToken) =>
        SettleAsync(message, () => DeadLetter(reason, description), "suspended", (reason, description), cancellationToken);

    public async Task<DateTimeOffset> RenewAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        var answer = await attempts.RunAsync(
            timeout => AskAsync("com.microsoft:renew-lock", new Map { ["lock-tokens"] = new[] { message.LockToken } }, timeout),
            cancellationToken);
        return answer.Body is Map body && body["expirations"] is DateTime[] { Length: > 0 } ends
            ? new DateTimeOffset(ends[0].ToUniversalTime())
            : throw new QueueException(QueueFailure.Refused, "The broker renewed the lock and did not say until when.");
    }

    /// <summary>Fails those who wait, gives back what nobody took, and closes the link.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested)
        {
            return;
        }

        await _disposed.CancelAsync();
        await _loop;
        ReceivedMessage[] late;
        lock (_lock)
        {
            late = [.. _late];
            _late.Clear();
        }

        foreach (var message in late)
        {
            if (message.Delivery is LinkDelivery { Link.IsClosed: false } delivery)
            {
                delivery.Link.Release(delivery.Message);
            }
        }

        FailWaiters(new ObjectDisposedException(nameof(IQueueReceiver)));
        if (_link is { IsClosed: false } link)
        {
            link.Close(TimeSpan.Zero, null);
        }
    }

    private static Rejected DeadLetter(string reason, string description) => new()
    {
        Error = new Error(new Symbol("com.microsoft:dead-letter"))
        {
            Info = new Fields
            {
                [new Symbol("DeadLetterReason")] = reason,
                [new Symbol("DeadLetterErrorDescription")] = description,
            },
        },
    };

    // Runs while the receiver lives; an outage is waited out, a refusal ends it and is told to those who wait.
    private async Task RunAsync()
    {
        var backoff = new Backoff(options, time, Random.Shared);
        while (!_disposed.IsCancellationRequested)
        {
            try
            {
                var connection = await connections.GetAsync(_disposed.Token);
                var link = await connection.ReceiverAsync(queue, _disposed.Token);
                backoff.Reset();
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                link.AddClosedCallback((_, _) => closed.TrySetResult());
                link.Start(0, (_, message) => OnMessage(new LinkDelivery(link, message, closed.Task, connection.Settlements)));
                lock (_lock)
                {
                    (_link, _credit) = (link, 0);
                    Grant();
                }

                await closed.Task.WaitAsync(_disposed.Token);
                if (link.Error is { } error && !QueueErrors.From(error).IsTransient)
                {
                    throw QueueErrors.From(error);
                }
            }
            catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
            {
                return;
            }
            catch (QueueException error) when (!error.IsTransient)
            {
                FailWaiters(error);
                return;
            }
            catch (ObjectDisposedException error)
            {
                FailWaiters(error);
                return;
            }
            catch (Exception error) when (error is QueueException or OperationCanceledException || QueueErrors.IsFailure(error))
            {
                // The wait below is the answer: those who wait go on waiting.
            }

            try
            {
                await backoff.WaitAsync(_disposed.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Credit cannot be taken back, so what a caller who left had asked for serves the next one.
    private void Grant()
    {
        if (_link is { IsClosed: false } link && _waiters.Count > _credit)
        {
            var more = _waiters.Count - _credit;
            _credit += more;
            link.SetCredit(more, CreditMode.Manual);
        }
    }

    private void OnMessage(LinkDelivery delivery)
    {
        var message = MessageMapping.FromAmqp(delivery.Message, delivery);
        TaskCompletionSource<ReceivedMessage>? waiter = null;
        lock (_lock)
        {
            if (ReferenceEquals(delivery.Link, _link))
            {
                _credit--;
            }

            if (_waiters.First is { } first)
            {
                _waiters.RemoveFirst();
                waiter = first.Value;
            }
            else
            {
                _late.Enqueue(message);
            }
        }

        waiter?.TrySetResult(message);
    }

    private void Forget(LinkedListNode<TaskCompletionSource<ReceivedMessage>> node, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (node.List is null)
            {
                // It has its message already.
                return;
            }

            _waiters.Remove(node);
        }

        node.Value.TrySetCanceled(cancellationToken);
    }

    private void FailWaiters(Exception error)
    {
        TaskCompletionSource<ReceivedMessage>[] waiters;
        lock (_lock)
        {
            waiters = [.. _waiters];
            _waiters.Clear();
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetException(error);
        }
    }

    private async Task SettleAsync(
        ReceivedMessage message,
        Func<Outcome> outcome,
        string status,
        (string Reason, string Description)? deadLetter,
        CancellationToken cancellationToken) => await attempts.RunAsync(
            async timeout =>
            {
                if (message.Delivery is LinkDelivery { Link.IsClosed: false } delivery)
                {
                    await delivery.Settlements.SettleAsync(delivery, outcome(), options.OperationTimeout, time, timeout);
                    return true;
                }

                var body = new Map { ["lock-tokens"] = new[] { message.LockToken }, ["disposition-status"] = status };
                if (deadLetter is var (reason, description))
                {
                    body["deadletter-reason"] = reason;
                    body["deadletter-description"] = description;
                }

                await AskAsync("com.microsoft:update-disposition", body, timeout);
                return true;
            },
            cancellationToken);

    private async Task<Message> AskAsync(string operation, Map body, CancellationToken cancellationToken)
    {
        var connection = await connections.GetAsync(cancellationToken);
        var request = new Message
        {
            ApplicationProperties = new ApplicationProperties { ["operation"] = operation },
            BodySection = new AmqpValue { Value = body },
        };
        return await connection.AskManagementAsync(queue, request, cancellationToken);
    }
}
