using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.Core.Deployments;

namespace Microsoft.Extensions.DependencyInjection;

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
