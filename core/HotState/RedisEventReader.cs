using System.Buffers.Text;
using System.Numerics;
using System.Text.Json;
using System.Threading.Channels;
using Serverless.Core.Jobs;
using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>Reads a job's events: first the list, then what is published, and the list again wherever there is a gap.</summary>
/// <remarks>
/// A publication may get lost with a connection, so a reader that hears nothing looks at the list every two seconds.
/// What Redis lost, or cannot tell because it is away, comes from the stored result once there is one.
/// </remarks>
internal sealed class RedisEventReader : IEventReader
{
    private const int PageSize = 256;
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(2);

    private readonly RedisConnection _redis;
    private readonly StoredEnd _stored;
    private readonly string _list;
    private readonly long _from;
    private readonly EventWindow _window;
    private readonly RedisSubscription _subscription;
    private readonly ITimer _checks;
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private volatile bool _mustReadList = true;
    private volatile int _quietChecks;
    private bool _isLost;
    private bool _ended;

    public RedisEventReader(RedisConnection redis, StoredEnd stored, JobId id, long from, TimeProvider clock)
    {
        (_redis, _stored, _from) = (redis, stored, from);
        _list = HotStateKeys.Events(id);
        _window = new(from);
        _subscription = new(redis, RedisChannel.Literal(HotStateKeys.Job(id)), OnMessage);
        _checks = clock.CreateTimer(_ => Check(), null, CheckInterval, CheckInterval);
    }

    public Task SubscribeAsync(CancellationToken cancellationToken) => _subscription.StartAsync(cancellationToken);

    public async ValueTask<EventPage> ReadAsync(CancellationToken cancellationToken)
    {
        while (!_ended)
        {
            var first = _window.Next;
            var isAway = false;
            if (_mustReadList || _window.HasGap)
            {
                try
                {
                    if (await ReadListAsync(cancellationToken) is { Count: > 0 } read)
                    {
                        return Page(first, read);
                    }
                }
                catch (HotStateUnavailableException)
                {
                    isAway = true;
                }
            }

            if (!_ended && _window.Take() is { Count: > 0 } heard)
            {
                return Page(first, heard.ConvertAll(payload => Parse(payload)));
            }

            if (!_ended && IsStoreDue(isAway) && await _stored.FindAsync(cancellationToken) is { } result)
            {
                await NoteEarlierAsync(cancellationToken);
                return Page(first, _stored.Rest(result));
            }

            if (!_ended)
            {
                await _signal.Reader.ReadAsync(cancellationToken);
            }
        }

        return new(_window.Next, []);
    }

    public async ValueTask DisposeAsync()
    {
        await _checks.DisposeAsync();
        await _subscription.DisposeAsync();
        _signal.Writer.TryComplete();
    }

    private EventPage Page(long first, List<JobEvent> events)
    {
        _ended |= events[^1].State is not null;
        _quietChecks = 0;
        _stored.Note(events);
        return new(first, events);
    }

    // A job may wait long for its turn, so the store is asked less and less often, until there is a reason.
    private bool IsStoreDue(bool isAway) => isAway || _isLost || _window.HasGap || BitOperations.IsPow2(_quietChecks) || (_quietChecks > 0 && _quietChecks % 16 == 0);

    // What a reader who came in midway has of the text is known only from the events before.
    private async Task NoteEarlierAsync(CancellationToken cancellationToken)
    {
        if (_from > 0)
        {
            var earlier = await _redis.RunAsync(database => database.ListRangeAsync(_list, 0, _from - 1), cancellationToken);
            if (earlier.Length < _from)
            {
                throw new HotStateUnavailableException($"The events before number {_from} are gone, so the rest of the text cannot be told apart.");
            }

            _stored.Note([.. earlier.Select(item => Parse((ReadOnlyMemory<byte>)item))]);
        }
    }

    private async Task<List<JobEvent>> ReadListAsync(CancellationToken cancellationToken)
    {
        _window.ClearMissed();
        var next = _window.Next;
        var (items, length, last) = await _redis.RunAsync(async database =>
        {
            var reading = database.ListRangeAsync(_list, next, next + PageSize - 1);
            var counting = database.ListLengthAsync(_list);
            var ending = database.ListGetByIndexAsync(_list, -1);
            return (await reading, await counting, await ending);
        }, cancellationToken);

        // After an answer only: a read that failed is to be made again.
        _mustReadList = items.Length == PageSize;
        if (items.Length > 0)
        {
            _window.Skip(items.Length);
            return [.. items.Select(item => Parse((ReadOnlyMemory<byte>)item))];
        }

        if (length > 0 && length <= next && Parse((ReadOnlyMemory<byte>)last) is { State: not null } end)
        {
            // All was read before; or this reader began beyond the end; or the list that it read is lost and this is another.
            _isLost = length < next && next > _from;
            _ended = !_isLost;
            return length < next && _ended ? [end] : [];
        }

        return [];
    }

    private void OnMessage(RedisValue message)
    {
        var bytes = (byte[]?)message;
        if (bytes is not null && Utf8Parser.TryParse(bytes, out long number, out var digits) && digits < bytes.Length && bytes[digits] == ' ')
        {
            _window.Hear(number, bytes[(digits + 1)..]);
            _signal.Writer.TryWrite(true);
        }
    }

    private void Check()
    {
        _quietChecks++;
        _mustReadList = true;
        _signal.Writer.TryWrite(true);
    }

    private static JobEvent Parse(ReadOnlyMemory<byte> json) => JsonSerializer.Deserialize(json.Span, JobJson.Default.JobEvent)!;
}
