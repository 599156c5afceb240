using Microsoft.Extensions.Options;
using Serverless.Core.Queue;
using Serverless.Core.Webhooks;

namespace Serverless.Functions.Webhooks;

/// <summary>Pulls the queue <c>webhooks</c> where no Functions host does it.</summary>
internal sealed partial class WebhookPump(
    IQueueClient queue, WebhookHandler handler, IOptions<WebhookOptions> options, TimeProvider clock, ILogger<WebhookPump> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var receiver = queue.Receive(WebhookMessage.Queue);
        await Task.WhenAll(Enumerable.Range(0, options.Value.Concurrency).Select(_ => PullAsync(receiver, stoppingToken)));
    }

    private async Task PullAsync(IQueueReceiver receiver, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await HandleAsync(await receiver.ReceiveAsync(stoppingToken), receiver, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The message keeps its lock and comes again; one that fails always ends among the dead letters.
                LogFailed(logger, error);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task HandleAsync(ReceivedMessage message, IQueueReceiver receiver, CancellationToken stoppingToken)
    {
        bool handled;
        try
        {
            handled = await handler.HandleAsync(message.Message.Body, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Another process need not wait for the lock to end.
            await receiver.ReleaseAsync(message, CancellationToken.None);
            throw;
        }

        if (handled)
        {
            await receiver.CompleteAsync(message, CancellationToken.None);
        }
        else
        {
            LogUnreadable(logger, message.Message.Id);
            await receiver.DeadLetterAsync(message, "unreadable", "The body is no webhook message of a known schema.", CancellationToken.None);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A webhook message was not handled and will come again.")]
    private static partial void LogFailed(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Error, "Message {Message} on the queue of webhooks is none and was dead-lettered.")]
    private static partial void LogUnreadable(ILogger logger, string message);
}
