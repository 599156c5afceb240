using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>A pair of links that asks a node of the broker and gets an answer to each question.</summary>
internal sealed class RequestLink
{
    private readonly SenderLink _sender;
    private readonly ReceiverLink _receiver;
    private readonly string _replyTo;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new();

    private RequestLink(SenderLink sender, ReceiverLink receiver, string replyTo)
    {
        (_sender, _receiver, _replyTo) = (sender, receiver, replyTo);
        receiver.Start(100, OnAnswer);
        receiver.AddClosedCallback((_, error) => Fail(error));
        sender.AddClosedCallback((_, error) => Fail(error));
    }

    public bool IsClosed => _sender.IsClosed || _receiver.IsClosed;

    public static async Task<RequestLink> OpenAsync(Session session, string address, CancellationToken cancellationToken)
    {
        var replyTo = $"reply-{Guid.NewGuid():N}";
        var receiver = await Links.ReplyAsync(session, address, replyTo, cancellationToken);
        var sender = await Links.SenderAsync(session, address, cancellationToken);
        return new(sender, receiver, replyTo);
    }

    /// <exception cref="QueueException">The node refused the request, or the link closed.</exception>
    public async Task<Message> AskAsync(Message request, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString("N");
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        request.Properties = new Properties { MessageId = id, ReplyTo = _replyTo };
        _waiting[id] = answer;
        try
        {
            if (IsClosed)
            {
                throw QueueErrors.From(_sender.Error);
            }

            _sender.Send(request, null, null);
            return Checked(await answer.Task.WaitAsync(cancellationToken));
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private static Message Checked(Message answer)
    {
        var properties = answer.ApplicationProperties;
        var status = (properties?["statusCode"] ?? properties?["status-code"]) as int? ?? 500;
        if (status is >= 200 and < 300)
        {
            return answer;
        }

        var condition = properties?["errorCondition"]?.ToString() ?? status switch
        {
            401 or 403 => "amqp:unauthorized-access",
            404 => "amqp:not-found",
            410 => "com.microsoft:message-lock-lost",
            400 => "amqp:invalid-field",
            _ => null,
        };
        throw QueueErrors.From(condition, (properties?["statusDescription"] ?? properties?["status-description"]) as string);
    }

    private void OnAnswer(IReceiverLink receiver, Message answer)
    {
        receiver.Accept(answer);
        if (answer.Properties?.GetCorrelationId() is string id && _waiting.TryRemove(id, out var waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    private void Fail(Error? error)
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.TrySetException(QueueErrors.From(error));
        }
    }
}
