using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Serverless.Core.Store;

namespace Microsoft.Extensions.DependencyInjection;

public static class StoreServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IBlobStore"/>, by the configuration section <c>Store</c>. The host refuses to start on bad options.</summary>
    public static IServiceCollection AddBlobStore(this IServiceCollection services)
    {
        services.AddSettings<StoreOptions>(StoreOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IBlobStore>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StoreOptions>>().Value;
            return options.Path is { Length: > 0 } path
                ? new FileBlobStore(path, options.FlushToDisk, provider.GetRequiredService<TimeProvider>())
                : AzureBlobStore.Open(options);
        });
        return services;
    }
}
