using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.Jobs;

namespace Microsoft.Extensions.DependencyInjection;

public static class JobsServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IJobStore"/> and what it needs, the store and hot state.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddBlobStore();
        services.AddHotState();
        services.TryAddSingleton<IJobStore, JobStore>();
        return services;
    }
}
