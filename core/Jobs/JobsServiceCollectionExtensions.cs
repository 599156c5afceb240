using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.HotState;
using Serverless.Core.Store;

namespace Serverless.Core.Jobs;

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
