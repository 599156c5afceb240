return await SettingsExtensions.RunHostAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.Services.AddBlobStore().AddHotState().AddKeyRing().AddDeployments().AddJobs().AddQueue();
    return builder.AddFunctionsApi().Build().MapFunctionsApi();
});
