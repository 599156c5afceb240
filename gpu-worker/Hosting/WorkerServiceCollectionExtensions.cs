using Microsoft.Extensions.DependencyInjection.Extensions;
using Serverless.GpuWorker;
using Serverless.GpuWorker.Hosting;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Scheduling;

namespace Microsoft.Extensions.DependencyInjection;

public static class WorkerServiceCollectionExtensions
{
    /// <summary>Adds a worker that serves one model. The host is up once the model is loaded, and drains when it stops.</summary>
    public static IServiceCollection AddGpuWorker(this IServiceCollection services)
    {
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<EngineOptions>().BindConfiguration(EngineOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ModelLoader>();
        services.AddHostedService<WorkerService>();
        return services;
    }
}
