using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.HotState;
using Serverless.Core.Store;

namespace Serverless.Core.Keys;

public static class KeysServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IKeyRing"/> and what it needs, the store and the connection to Redis.</summary>
    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddBlobStore();
        services.AddRedisConnection();
        services.TryAddSingleton<KeyChanges>();
        services.TryAddSingleton<IKeyRing, KeyRing>();
        return services;
    }
}
