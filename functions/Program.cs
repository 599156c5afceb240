using Serverless.Core.Deployments;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Store;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddServiceBus();
builder.AddFunctionsApi();

var app = builder.Build();
app.MapFunctionsApi();
await app.RunAsync();
