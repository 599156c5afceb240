using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

return await SettingsExtensions.RunHostAsync(() =>
{
    var builder = Host.CreateApplicationBuilder(args);
    builder.Services.AddBlobStore().AddHotState().AddDeployments().AddJobs().AddQueue().AddGpuWorker();
    return builder.Build();
});
