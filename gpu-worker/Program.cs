using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddBlobStore().AddHotState().AddDeployments().AddJobs().AddQueue().AddGpuWorker();
await builder.Build().RunAsync();
