using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Serverless.GpuWorker;
using Serverless.GpuWorker.Hosting;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Scheduling;

namespace Microsoft.Extensions.DependencyInjection;

public static class WorkerServiceCollectionExtensions
{
    // What follows the drain: the last commits, and the messages handed back.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <summary>Adds a worker that serves one model. The host is up once the model is loaded, and drains when it stops.</summary>
    public static IServiceCollection AddGpuWorker(this IServiceCollection services)
    {
        services.AddSettings<WorkerOptions>(WorkerOptions.Section);
        services.AddSettings<EngineOptions>(EngineOptions.Section);
        services.AddOptions<HostOptions>().Configure<IOptions<WorkerOptions>>((host, worker) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(worker.Value.DrainSeconds) + Settling);
        services.TryAddSingleton(TimeProvider.System);
        services.AddWebhookOutbox();
        services.AddSingleton<ModelLoader>();
        services.AddHostedService<WorkerService>();
        return services;
    }
}
