using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.Queue;
using Serverless.Core.Queue.ServiceBus;

namespace Microsoft.Extensions.DependencyInjection;

public static class QueueServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IQueueClient"/> over Service Bus, from the section <c>Queue</c>. The host refuses to start on bad options.</summary>
    public static IServiceCollection AddQueue(this IServiceCollection services)
    {
        services.AddSettings<QueueOptions>(QueueOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IQueueClient, ServiceBusQueueClient>();
        return services;
    }
}
