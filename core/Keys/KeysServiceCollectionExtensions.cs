using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.Keys;

namespace Microsoft.Extensions.DependencyInjection;

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
