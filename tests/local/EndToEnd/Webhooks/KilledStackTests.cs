using System.Text.RegularExpressions;
using Serverless.Local.Tests.EndToEnd.Running;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Local.Tests.EndToEnd.Webhooks;

/// <summary>The one-process system is killed in the middle of a delivery, and started again on the same folder.</summary>
public sealed partial class KilledStackTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("serverless-").FullName;

    [Fact]
    public async Task ADeliveryUnderWayIsMadeAgainUnderTheSameId()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer(async context => await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        Received first;
        string job;
        var (server, api) = await StartAsync();
        await using (server)
        {
            var answer = await api.ChatAsync(
                $$"""{"model":"{{RunningServer.Model}}","max_tokens":4,"messages":[{"role":"user","content":"Hello"}],"webhook_url":"{{receiver.Url}}"}""");
            job = answer.JobId;
            first = await receiver.NextAsync(TestContext.Current.CancellationToken);
        }

        api.Dispose();
        (server, api) = await StartAsync();
        await using (server)
        {
            var again = await receiver.NextAsync(TestContext.Current.CancellationToken);
            Assert.Equal((first.Id, first.Text, job), (again.Id, again.Text, again.Data.GetProperty("id").GetString()));
            await api.UntilAsync($"/v1/webhooks/requests/deliveries/{first.Id}", delivery => delivery.Json.GetProperty("status").GetString() == "delivered", TestContext.Current.CancellationToken);
        }

        api.Dispose();
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private async Task<(ServerProcess Server, ApiClient Api)> StartAsync()
    {
        var server = ServerProcess.Start(
            Repository.Executable("Serverless.Local", "serverless"),
            ["--data", _data, "--urls", "http://127.0.0.1:0", "--api-key", RunningServer.AdministratorKey],
            new Dictionary<string, string>
            {
                ["Worker__ModelCache"] = Repository.Kept("test-models"),
                ["Webhooks__AllowPrivateNetworks"] = "true",
            });
        var ready = await server.LineAsync(Ready(), TestContext.Current.CancellationToken);
        return (server, new ApiClient(new Uri(ready.Groups["address"].Value), RunningServer.AdministratorKey));
    }

    [GeneratedRegex(@"Ready\. (?<address>http://\S+)")]
    private static partial Regex Ready();
}
