using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.Store;

namespace Serverless.Core.Deployments;

public static class DeploymentsServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IDeploymentCatalog"/> and the store it reads.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services)
    {
        services.AddBlobStore();
        services.TryAddSingleton<IDeploymentCatalog, DeploymentCatalog>();
        return services;
    }
}
