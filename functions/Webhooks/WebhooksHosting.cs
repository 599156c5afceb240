using Serverless.Core.Webhooks;
using Serverless.Functions.Hosting;

namespace Serverless.Functions.Webhooks;

internal static class WebhooksHosting
{
    /// <summary>Adds webhooks, and the service that delivers them where no Functions host triggers it.</summary>
    public static void AddWebhooksApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddWebhooks();
        builder.Services.AddSingleton<IWebhookBody, WebhookBody>();
        if (!builder.Configuration.IsCustomHandler())
        {
            builder.Services.AddHostedService<WebhookPump>();
        }
    }
}
