namespace Serverless.Core.Deployments;

/// <summary>The deployments that exist, read from the store and remembered for a few seconds.</summary>
public interface IDeploymentCatalog
{
    ValueTask<Deployment?> FindAsync(string name, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<Deployment>> ListAsync(CancellationToken cancellationToken);

    Task PublishAsync(Deployment deployment, CancellationToken cancellationToken);
}
