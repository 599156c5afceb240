using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Serverless.GpuWorker.Tests.Hosting;

public sealed class WorkerOptionsTests
{
    [Fact]
    public void TiersThatAreConfiguredReplaceTheDefault() =>
        Assert.Equal(["priority", "urgent"], Read(new() { ["Worker:Tiers:0"] = "priority", ["Worker:Tiers:1"] = "urgent" }).Tiers);

    [Fact]
    public void WithoutConfiguredTiersTheDefaultStands() =>
        Assert.Equal(["priority", "default", "flex"], Read(new() { ["Worker:DrainSeconds"] = "3" }).Tiers);

    private static WorkerOptions Read(Dictionary<string, string?> settings)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddGpuWorker()
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<WorkerOptions>>().Value;
    }
}
