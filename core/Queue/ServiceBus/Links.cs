using Amqp;
using Amqp.Framing;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Opens links and waits until the broker has agreed.</summary>
internal static class Links
{
    private const uint UnsettledMode = 0;

    public static async Task<SenderLink> SenderAsync(Session session, string address, CancellationToken cancellationToken)
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attach = new Attach { Source = new Source(), Target = new Target { Address = address } };
        var link = new SenderLink(session, Name(address), attach, (_, answer) => Attached(attached, answer.Target));
        return await OpenedAsync(link, attached, cancellationToken);
    }

    /// <summary>Opens a link that locks what it brings until it is settled.</summary>
    public static async Task<ReceiverLink> ReceiverAsync(Session session, string address, CancellationToken cancellationToken)
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attach = new Attach
        {
            Source = new Source { Address = address },
            Target = new Target(),
            SndSettleMode = (SenderSettleMode)UnsettledMode,
            RcvSettleMode = ReceiverSettleMode.Second,
        };
        var link = new ReceiverLink(session, Name(address), attach, (_, answer) => Attached(attached, answer.Source));
        return await OpenedAsync(link, attached, cancellationToken);
    }

    /// <summary>Opens the half of a request pair on which answers come to <paramref name="replyTo"/>.</summary>
    public static async Task<ReceiverLink> ReplyAsync(Session session, string address, string replyTo, CancellationToken cancellationToken)
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var attach = new Attach { Source = new Source { Address = address }, Target = new Target { Address = replyTo } };
        var link = new ReceiverLink(session, replyTo, attach, (_, answer) => Attached(attached, answer.Source));
        return await OpenedAsync(link, attached, cancellationToken);
    }

    private static string Name(string address) => $"{address}-{Guid.NewGuid():N}";

    // A refusal is an attach without a terminus, then a detach that says why.
    private static void Attached(TaskCompletionSource attached, object? terminus)
    {
        if (terminus is not null)
        {
            attached.TrySetResult();
        }
    }

    private static async Task<TLink> OpenedAsync<TLink>(TLink link, TaskCompletionSource attached, CancellationToken cancellationToken)
        where TLink : Link
    {
        link.AddClosedCallback((_, error) => attached.TrySetException(QueueErrors.From(error)));
        await attached.Task.WaitAsync(cancellationToken);
        return link;
    }
}
