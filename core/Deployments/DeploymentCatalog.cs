using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Serverless.Core.Jobs;
using Serverless.Core.Store;

namespace Serverless.Core.Deployments;

/// <summary>Reads the deployments at most every five seconds; while the store fails, the last reading stands.</summary>
internal sealed partial class DeploymentCatalog(IBlobStore store, TimeProvider clock, ILogger<DeploymentCatalog> logger)
    : IDeploymentCatalog, IDisposable
{
    private const string Folder = "deployments/";
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private Snapshot? _snapshot;

    public async ValueTask<Deployment?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var snapshot = _snapshot is { } known && IsFresh(known) ? known : await RefreshAsync(cancellationToken);
        return snapshot.ByName.GetValueOrDefault(name);
    }

    public async ValueTask<IReadOnlyList<Deployment>> ListAsync(CancellationToken cancellationToken) =>
        (_snapshot is { } known && IsFresh(known) ? known : await RefreshAsync(cancellationToken)).Deployments;

    public async Task PublishAsync(Deployment deployment, CancellationToken cancellationToken)
    {
        if (!NamePattern().IsMatch(deployment.Name))
        {
            throw new ArgumentException(
                $"'{deployment.Name}' names no deployment: use 1 to 64 lower-case letters, digits, dots and hyphens, a letter or digit first.",
                nameof(deployment));
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(deployment, JobJson.Default.Deployment);
        await store.WriteAsync(PathOf(deployment.Name), json, cancellationToken);
        await _reading.WaitAsync(cancellationToken);
        _snapshot = _snapshot is { } known ? known with { IsStale = true } : null;
        _reading.Release();
    }

    public void Dispose() => _reading.Dispose();

    private bool IsFresh(Snapshot snapshot) => !snapshot.IsStale && clock.GetElapsedTime(snapshot.ReadAt) < Freshness;

    private async Task<Snapshot> RefreshAsync(CancellationToken cancellationToken)
    {
        // One caller reads; meanwhile the others have the last reading.
        var old = _snapshot is { IsStale: false } usable ? usable : null;
        if (!await _reading.WaitAsync(old is null ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellationToken))
        {
            return old!;
        }

        try
        {
            if (_snapshot is null || !IsFresh(_snapshot))
            {
                _snapshot = await ReadAllAsync(cancellationToken);
            }
        }
        catch (StoreException error) when (_snapshot is not null)
        {
            LogStale(logger, error);
            _snapshot = _snapshot with { ReadAt = clock.GetTimestamp(), IsStale = false };
        }
        finally
        {
            _reading.Release();
        }

        return _snapshot;
    }

    private async Task<Snapshot> ReadAllAsync(CancellationToken cancellationToken)
    {
        var readAt = clock.GetTimestamp();
        var deployments = new List<Deployment>();
        await foreach (var path in store.ListAsync(Folder, cancellationToken))
        {
            if (await store.ReadAsync(path, cancellationToken) is { } json && Parse(path, json) is { } deployment)
            {
                deployments.Add(deployment);
            }
        }

        return new(deployments, deployments.ToFrozenDictionary(deployment => deployment.Name, StringComparer.Ordinal), readAt);
    }

    // One bad file must not take every model away.
    private Deployment? Parse(string path, ReadOnlyMemory<byte> json)
    {
        try
        {
            var deployment = JsonSerializer.Deserialize(json.Span, JobJson.Default.Deployment);
            if (deployment is not null && PathOf(deployment.Name) == path)
            {
                return deployment;
            }

            LogMalformed(logger, path, null);
        }
        catch (JsonException error)
        {
            LogMalformed(logger, path, error);
        }

        return null;
    }

    private static string PathOf(string name) => $"{Folder}{name}.json";

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{0,63}\z")]
    private static partial Regex NamePattern();

    [LoggerMessage(LogLevel.Warning, "The store does not answer; the deployments read before stand.")]
    private static partial void LogStale(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "{Path} does not describe the deployment of its name and is passed over.")]
    private static partial void LogMalformed(ILogger logger, string path, Exception? error);

    private sealed record Snapshot(
        IReadOnlyList<Deployment> Deployments, FrozenDictionary<string, Deployment> ByName, long ReadAt, bool IsStale = false);
}
