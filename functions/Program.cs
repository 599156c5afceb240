var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddServiceBus();
builder.AddFunctionsApi();

var app = builder.Build();
app.MapFunctionsApi();
await app.RunAsync();
