using Serverless.Core.Jobs;

namespace Serverless.Core.Webhooks;

/// <summary>Writes what a receiver gets, in the API's words.</summary>
public interface IWebhookBody
{
    /// <returns>The same bytes for the same delivery, each time.</returns>
    byte[] Write(WebhookDelivery delivery, Job? job, JobResult? result);
}
