using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>One connection, its tokens and the links that all callers share. It is thrown away when it fails.</summary>
internal sealed class ServiceBusConnection : IDisposable
{
    private static readonly TimeSpan RenewalCheck = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RenewalMargin = TimeSpan.FromMinutes(10);
    private readonly Connection _connection;
    private readonly Endpoint _endpoint;
    private readonly ITokenSource _tokens;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _authorized = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<SenderLink>>> _senders = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<RequestLink>>> _requests = new();
    private readonly Session _requestSession;
    private readonly Session _sendSession;

    private ServiceBusConnection(Connection connection, Settlements settlements, Endpoint endpoint, ITokenSource tokens, TimeProvider time)
    {
        (_connection, Settlements, _endpoint, _tokens, _time) = (connection, settlements, endpoint, tokens, time);
        _requestSession = new Session(connection);
        _sendSession = new Session(connection);
        connection.AddClosedCallback((_, _) => _closed.Cancel());
    }

    public Settlements Settlements { get; }

    public bool IsClosed => _connection.IsClosed;

    public static async Task<ServiceBusConnection> OpenAsync(Endpoint endpoint, ITokenSource tokens, TimeProvider time, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory();
        factory.SASL.Profile = SaslProfile.Anonymous;
        factory.TCP.NoDelay = true;
        factory.AMQP.IdleTimeout = 60_000;
        factory.AMQP.MaxFrameSize = 65_536;
        factory.AMQP.MaxSessionsPerConnection = 1_000;
        factory.AMQP.MaxLinksPerSession = 1_000;
        var address = new Address(endpoint.Host, endpoint.Port, null, null, "/", endpoint.UsesTls ? "amqps" : "amqp");
        var settlements = new Settlements();
        try
        {
            var connection = new ServiceBusConnection(await factory.CreateAsync(address, cancellationToken, settlements), settlements, endpoint, tokens, time);
            _ = connection.RenewTokensAsync();
            return connection;
        }
        catch (Exception error) when (QueueErrors.IsFailure(error))
        {
            throw QueueErrors.From(error);
        }
    }

    /// <summary>The shared link that sends to a queue.</summary>
    public Task<SenderLink> SenderAsync(string queue) => SharedAsync(_senders, queue, link => link.IsClosed, async () =>
    {
        await AuthorizeAsync(queue, _closed.Token);
        return await Links.SenderAsync(_sendSession, queue, _closed.Token);
    });

    /// <summary>A new link that receives from a queue, in a session of its own so that it is never behind another.</summary>
    public async Task<ReceiverLink> ReceiverAsync(string queue, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(queue, cancellationToken);
        return await Links.ReceiverAsync(new Session(_connection), queue, cancellationToken);
    }

    public async Task<Message> AskManagementAsync(string queue, Message request, CancellationToken cancellationToken)
    {
        var link = await SharedAsync(_requests, queue, link => link.IsClosed, async () =>
        {
            await AuthorizeAsync(queue, _closed.Token);
            return await RequestLink.OpenAsync(_requestSession, queue + "/$management", _closed.Token);
        });
        return await link.AskAsync(request, cancellationToken);
    }

    public void Dispose()
    {
        _closed.Cancel();
        _connection.Close(TimeSpan.Zero);
    }

    // One attempt to open is shared by all who wait; a failed one, or a closed link, makes room for the next.
    private async Task<T> SharedAsync<T>(ConcurrentDictionary<string, Lazy<Task<T>>> cache, string key, Func<T, bool> isClosed, Func<Task<T>> open)
    {
        var lazy = cache.GetOrAdd(key, _ => new Lazy<Task<T>>(open));
        try
        {
            var value = await lazy.Value;
            if (!isClosed(value))
            {
                return value;
            }
        }
        catch (Exception error) when (error is QueueException or OperationCanceledException || QueueErrors.IsFailure(error))
        {
            cache.TryRemove(new(key, lazy));
            throw error switch
            {
                QueueException => error,
                OperationCanceledException => new QueueException(QueueFailure.Unavailable, "The connection to the broker was lost.", error),
                _ => QueueErrors.From(error),
            };
        }

        cache.TryRemove(new(key, lazy));
        return await SharedAsync(cache, key, isClosed, open);
    }

    private async Task AuthorizeAsync(string queue, CancellationToken cancellationToken)
    {
        var audience = $"sb://{_endpoint.Host}/{queue}";
        if (!_authorized.TryGetValue(audience, out var end) || end <= _time.GetUtcNow())
        {
            await PutTokenAsync(audience, cancellationToken);
        }
    }

    private async Task PutTokenAsync(string audience, CancellationToken cancellationToken)
    {
        var token = await _tokens.GetAsync(audience, cancellationToken);
        var cbs = await SharedAsync(_requests, "$cbs", link => link.IsClosed, () => RequestLink.OpenAsync(_requestSession, "$cbs", _closed.Token));
        var request = new Message
        {
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token",
                ["type"] = token.Kind,
                ["name"] = audience,
                ["expiration"] = token.ExpiresAt.UtcDateTime,
            },
            BodySection = new AmqpValue { Value = token.Value },
        };
        await cbs.AskAsync(request, cancellationToken);
        _authorized[audience] = token.ExpiresAt;
    }

    // Links live as long as their token is renewed.
    private async Task RenewTokensAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(RenewalCheck, _time, _closed.Token);
                foreach (var (audience, end) in _authorized)
                {
                    if (end - RenewalMargin <= _time.GetUtcNow())
                    {
                        await PutTokenAsync(audience, _closed.Token);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is closed; the next one puts its own tokens.
        }
        catch (Exception error) when (error is QueueException || QueueErrors.IsFailure(error))
        {
            // Without tokens the broker would close link after link: starting anew tells the callers at once why.
            Dispose();
        }
    }
}
