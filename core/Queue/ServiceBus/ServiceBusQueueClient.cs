using Amqp;
using Amqp.Framing;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Options;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Queues of a Service Bus namespace, or of a broker that speaks its AMQP dialect.</summary>
public sealed class ServiceBusQueueClient : IQueueClient
{
    private readonly ConnectionSource _connections;
    private readonly Attempts _attempts;
    private readonly QueueOptions _options;
    private readonly TimeProvider _time;

    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public ServiceBusQueueClient(IOptions<QueueOptions> options, TimeProvider? time = null)
    {
        (_options, _time) = (options.Value, time ?? TimeProvider.System);
        var endpoint = Endpoint.From(_options);
        ITokenSource tokens = endpoint is { KeyName: { } name, Key: { } key }
            ? new SasTokenSource(name, key, _time)
            : new EntraTokenSource(Credential(_options));
        _connections = new ConnectionSource(endpoint, tokens, _time);
        _attempts = new Attempts(_options, _time);
    }

    public Task SendAsync(string queue, QueueMessage message, CancellationToken cancellationToken) =>
        SendAsync(queue, [message], cancellationToken);

    public async Task SendAsync(string queue, IReadOnlyList<QueueMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queue);
        foreach (var message in messages)
        {
            // A bad message is refused before any is sent.
            MessageMapping.ToAmqp(message);
        }

        await _attempts.RunAsync(async timeout => await SendOnceAsync(queue, messages, timeout), cancellationToken);
    }

    public IQueueReceiver Receive(string queue, ReceiveOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(queue);
        return new ServiceBusReceiver(
            options is { DeadLetters: true } ? queue + "/$DeadLetterQueue" : queue,
            _connections,
            _attempts,
            _options,
            _time);
    }

    public ValueTask DisposeAsync()
    {
        _connections.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TokenCredential Credential(QueueOptions options) => options.ManagedIdentityClientId is { Length: > 0 } id
        ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(id))
        : new DefaultAzureCredential();

    // Repeating it is safe: the queue drops a second message of the same id.
    private async Task<bool> SendOnceAsync(string queue, IReadOnlyList<QueueMessage> messages, CancellationToken cancellationToken)
    {
        var connection = await _connections.GetAsync(cancellationToken);
        var link = await connection.SenderAsync(queue).WaitAsync(cancellationToken);
        var sent = new Task[messages.Count];
        for (var i = 0; i < sent.Length; i++)
        {
            sent[i] = Send(link, MessageMapping.ToAmqp(messages[i]));
        }

        await Task.WhenAll(sent).WaitAsync(cancellationToken);
        return true;
    }

    private static Task Send(SenderLink link, Message message)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            link.Send(message, OnOutcome, sent);
        }
        catch (Exception error) when (QueueErrors.IsFailure(error))
        {
            sent.TrySetException(QueueErrors.From(error));
        }

        return sent.Task;
    }

    private static void OnOutcome(ILink link, Message message, Outcome outcome, object state)
    {
        var sent = (TaskCompletionSource)state;
        if (outcome is Accepted)
        {
            sent.TrySetResult();
        }
        else
        {
            sent.TrySetException(QueueErrors.From((outcome as Rejected)?.Error ?? link.Error));
        }
    }
}
