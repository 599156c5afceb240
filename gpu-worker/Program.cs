using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddBlobStore().AddHotState().AddDeployments().AddJobs().AddServiceBus().AddGpuWorker();
await builder.Build().RunAsync();
