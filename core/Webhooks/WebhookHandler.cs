using System.Text.Json;
using Microsoft.Extensions.Logging;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>Does what one message on the queue <c>webhooks</c> asks for, whoever received it.</summary>
public sealed partial class WebhookHandler
{
    private readonly WebhookFanOut _fanOut;
    private readonly WebhookDeliverer _deliverer;
    private readonly ILogger _logger;

    internal WebhookHandler(WebhookFanOut fanOut, WebhookDeliverer deliverer, ILogger<WebhookHandler> logger) =>
        (_fanOut, _deliverer, _logger) = (fanOut, deliverer, logger);

    /// <returns>False when the body is no webhook message of a known schema: it belongs among the dead letters.</returns>
    /// <exception cref="Queue.QueueException">The queue is away: the message must come again.</exception>
    public async Task<bool> HandleAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (Read(body) is not { } message)
        {
            return false;
        }

        try
        {
            await (message.Ended is { } job
                ? _fanOut.TellAsync(message.Tenant, job, cancellationToken)
                : _deliverer.DeliverAsync(message, cancellationToken));
        }
        catch (StoreException error)
        {
            // Given back at once, it would use up its deliveries while the store is away.
            LogPutOff(_logger, message.MessageId, error.Message);
            await _deliverer.DeferAsync(message, TimeSpan.Zero, cancellationToken);
        }

        return true;
    }

    private static WebhookMessage? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, WebhookJson.Default.WebhookMessage) is
            { Schema: WebhookMessage.CurrentSchema, IsWhole: true } message
                ? message
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Webhook message {Message} is put off: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string message, string reason);
}
