using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Serverless.Core.Webhooks;

namespace Microsoft.Extensions.DependencyInjection;

public static class WebhooksServiceCollectionExtensions
{
    /// <summary>Has every job that ends tell the tenant's endpoints; what a process needs that commits jobs.</summary>
    public static IServiceCollection AddWebhookOutbox(this IServiceCollection services)
    {
        services.AddBlobStore().AddQueue();
        services.TryAddSingleton<WebhookOutbox>();
        return services;
    }

    /// <summary>Adds endpoints and <see cref="WebhookHandler"/>, by the configuration section <c>Webhooks</c>; needs an <see cref="IWebhookBody"/>.</summary>
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddWebhookOutbox().AddJobs();
        services.AddSettings<WebhookOptions>(WebhookOptions.Section);
        services.TryAddSingleton<WebhookEndpoints>();
        services.TryAddSingleton<WebhookDeliveries>();
        services.TryAddSingleton<WebhookFanOut>();
        services.TryAddSingleton<EndpointGates>();
        services.TryAddSingleton<WebhookSender>();
        services.TryAddSingleton(Random.Shared);
        services.TryAddSingleton<WebhookDeliverer>();
        services.TryAddSingleton(provider => new WebhookHandler(
            provider.GetRequiredService<WebhookFanOut>(),
            provider.GetRequiredService<WebhookDeliverer>(),
            provider.GetRequiredService<ILogger<WebhookHandler>>()));
        return services;
    }
}
