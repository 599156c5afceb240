using Serverless.Core.Queue;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>A queue by the clock of the test: scheduled messages wait, and a second message of the same id is dropped for ten minutes.</summary>
internal sealed class ScheduledQueue(TimeProvider clock, Killer killer) : IQueueClient
{
    private static readonly TimeSpan DuplicateWindow = TimeSpan.FromMinutes(10);

    private readonly List<(DateTimeOffset At, QueueMessage Message)> _waiting = [];
    private readonly Dictionary<string, DateTimeOffset> _seen = [];

    public DateTimeOffset? NextDue => _waiting.Count == 0 ? null : _waiting.Min(one => one.At);

    public int Count => _waiting.Count;

    public Task SendAsync(string queue, QueueMessage message, CancellationToken cancellationToken) => killer.AroundAsync(() =>
    {
        var now = clock.GetUtcNow();
        if (!_seen.TryGetValue(message.Id, out var seen) || seen + DuplicateWindow <= now)
        {
            _seen[message.Id] = now;
            PutBack(message, message.ScheduledAt > now ? message.ScheduledAt.Value : now);
        }

        return Task.FromResult(true);
    });

    public async Task SendAsync(string queue, IReadOnlyList<QueueMessage> messages, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            await SendAsync(queue, message, cancellationToken);
        }
    }

    public QueueMessage? TakeDue()
    {
        var index = _waiting.FindIndex(one => one.At <= clock.GetUtcNow());
        if (index < 0)
        {
            return null;
        }

        var message = _waiting[index].Message;
        _waiting.RemoveAt(index);
        return message;
    }

    public void PutBack(QueueMessage message, DateTimeOffset at)
    {
        _waiting.Add((at, message));
        _waiting.Sort((one, other) => one.At.CompareTo(other.At));
    }

    public IQueueReceiver Receive(string queue, ReceiveOptions? options = null) => throw new NotSupportedException("The tests take what is due themselves.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
