var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
builder.AddFunctionsApi();

var app = builder.Build();
app.MapFunctionsApi();
await app.RunAsync();
