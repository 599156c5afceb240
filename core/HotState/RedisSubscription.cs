using StackExchange.Redis;

namespace Serverless.Core.HotState;

/// <summary>One handler on one channel, until disposed. The client subscribes again by itself after a lost connection.</summary>
internal sealed class RedisSubscription(RedisConnection redis, RedisChannel channel, Action<RedisValue> received) : IAsyncDisposable
{
    private bool _subscribed;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await (await redis.GetAsync()).GetSubscriber().SubscribeAsync(channel, OnMessage);
            _subscribed = true;
        }
        catch (Exception error) when (RedisConnection.IsUnavailable(error))
        {
            throw RedisConnection.Unavailable(error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_subscribed)
        {
            return;
        }

        _subscribed = false;
        try
        {
            await (await redis.GetAsync()).GetSubscriber().UnsubscribeAsync(channel, OnMessage);
        }
        catch (Exception error) when (RedisConnection.IsUnavailable(error))
        {
            // The subscription went with the connection.
        }
    }

    private void OnMessage(RedisChannel _, RedisValue message) => received(message);
}
