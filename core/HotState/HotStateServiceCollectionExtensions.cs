using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.HotState;

namespace Microsoft.Extensions.DependencyInjection;

public static class HotStateServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IHotState"/> and the store that it falls back on, by the configuration section <c>HotState</c>. The host refuses to start on bad options.</summary>
    public static IServiceCollection AddHotState(this IServiceCollection services)
    {
        services.AddBlobStore();
        services.AddRedisConnection();
        services.TryAddSingleton<IHotState, RedisHotState>();
        return services;
    }

    internal static IServiceCollection AddRedisConnection(this IServiceCollection services)
    {
        services.AddSettings<HotStateOptions>(HotStateOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RedisConnection>();
        return services;
    }
}
