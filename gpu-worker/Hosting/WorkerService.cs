using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serverless.Core.Deployments;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Scheduling;

namespace Serverless.GpuWorker.Hosting;

/// <summary>Loads the model, takes jobs while there are free sequences, and drains when asked to stop.</summary>
internal sealed partial class WorkerService(
    ModelLoader loader,
    IQueueClient queue,
    IJobStore store,
    IHotState hotState,
    IDeploymentCatalog deployments,
    IOptions<WorkerOptions> options,
    IOptions<EngineOptions> engine,
    TimeProvider clock,
    ILogger<WorkerService> logger) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _taking = new();
    private readonly CancellationTokenSource _renewing = new();
    private readonly JobRunner _runner = new(store, hotState, options.Value, clock, logger);
    private readonly SemaphoreSlim _left = new(0);
    private SemaphoreSlim _free = new(0);
    private ServedModel? _model;
    private IReadOnlyList<IQueueReceiver> _receivers = [];
    private Task _taker = Task.CompletedTask;
    private Task _renewals = Task.CompletedTask;

    /// <summary>Returns once the model is loaded and offered, so a host that is up is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _model = await loader.LoadAsync(_runner.OnStep, cancellationToken);
        _free = new(engine.Value.MaxSequences);
        _runner.Left += () =>
        {
            _free.Release();
            _left.Release();
        };
        await _runner.BeginAsync(_model, cancellationToken);
        await deployments.PublishAsync(_model.Deployment, cancellationToken);
        _renewals = new LockKeeper(() => _runner.Running, _runner.Stop, clock, logger).RunAsync(_renewing.Token);
        _receivers = [.. options.Value.Tiers.Select(tier => queue.Receive(Job.QueueName(options.Value.Deployment, tier)))];
        _taker = Task.Run(() => new MessageTaker(_receivers, _runner, _free, clock, logger).RunAsync(_taking.Token), CancellationToken.None);
    }

    /// <summary>Stops taking, lets what ends within the grace period finish, and hands the rest back.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _taking.CancelAsync();
        await _taker;
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        grace.CancelAfter(TimeSpan.FromSeconds(options.Value.DrainSeconds));
        try
        {
            while (_runner.Running.Any())
            {
                await _left.WaitAsync(grace.Token);
            }
        }
        catch (OperationCanceledException)
        {
            LogHandBack(logger, _runner.Running.Count());
            await _runner.HandBackAsync();
        }

        await _renewing.CancelAsync();
        await _renewals.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        if (_model is not null)
        {
            await _model.DisposeAsync();
        }

        await _runner.DisposeAsync();
        // Jobs settle through their receivers, so these go last.
        foreach (var receiver in _receivers)
        {
            await receiver.DisposeAsync();
        }

        _taking.Dispose();
        _renewing.Dispose();
        _free.Dispose();
        _left.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "Stopping: {Count} jobs go back to the queue for another worker to resume.")]
    private static partial void LogHandBack(ILogger logger, int count);
}
