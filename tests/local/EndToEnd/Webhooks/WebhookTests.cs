using Serverless.Local.Tests.EndToEnd.Running;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Local.Tests.EndToEnd.Webhooks;

/// <summary>Each part in a process of its own, with receivers on this machine allowed and quick first retries.</summary>
public sealed class WebhookProcesses : ServerFixture
{
    protected override string[] Parts => ["redis,queue", "worker", "functions"];

    protected override Dictionary<string, string> Settings => new()
    {
        ["Webhooks__AllowPrivateNetworks"] = "true",
        ["Webhooks__FirstRetry"] = "00:00:01",
    };
}

/// <summary>From a request to its receiver.</summary>
public sealed class WebhookTests(WebhookProcesses fixture) : IClassFixture<WebhookProcesses>, IAsyncLifetime
{
    private readonly ApiClient _api = fixture.Server.Api;
    private Receiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await Receiver.StartAsync();

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    [Fact]
    public async Task ASuccessIsTold()
    {
        var answer = await _api.ChatAsync(Chat("\"max_tokens\":4", "Hello"));
        Assert.Equal(200, answer.Status);

        await IsToldAsync("job.succeeded", answer.JobId);
    }

    [Fact]
    public async Task ABackgroundCallIsTold()
    {
        var answer = await _api.ChatAsync(Chat("\"max_tokens\":4", "Hello"), ("Prefer", "respond-async"));
        Assert.Equal(202, answer.Status);

        await IsToldAsync("job.succeeded", answer.JobId);
    }

    [Fact]
    public async Task AFailureIsToldWithItsError()
    {
        var words = string.Concat(Enumerable.Repeat("many words ", 8000));
        var answer = await _api.ChatAsync(Chat("\"max_tokens\":4", words), ("Prefer", "respond-async"));
        Assert.Equal(202, answer.Status);

        var received = await IsToldAsync("job.failed", answer.JobId);
        Assert.Equal("context_length_exceeded", received.Data.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task ACancellationIsTold()
    {
        var answer = await _api.ChatAsync(Chat("\"max_tokens\":1500,\"ignore_eos\":true", "Count."), ("Prefer", "respond-async"));
        Assert.Equal(200, (await _api.PostAsync($"/v1/jobs/{answer.JobId}/cancel", "")).Status);

        await IsToldAsync("job.cancelled", answer.JobId);
    }

    [Fact]
    public async Task AReceiverThatFailsTwiceIsToldAThirdTimeUnderTheSameId()
    {
        _receiver.Answer(500, 503);
        var answer = await _api.ChatAsync(Chat("\"max_tokens\":4", "Hello"));

        var first = await IsToldAsync("job.succeeded", answer.JobId);
        var second = await IsToldAsync("job.succeeded", answer.JobId);
        var third = await IsToldAsync("job.succeeded", answer.JobId);

        Assert.Equal([first.Id, first.Id, first.Id], [first.Id, second.Id, third.Id]);
        var log = await _api.UntilAsync($"/v1/webhooks/requests/deliveries/{first.Id}", delivery => delivery.Json.GetProperty("status").GetString() == "delivered", TestContext.Current.CancellationToken);
        Assert.Equal([500, 503, 200], log.Json.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetInt32()));
    }

    private string Chat(string parameters, string text) =>
        $$"""{"model":"{{RunningServer.Model}}",{{parameters}},"messages":[{"role":"user","content":"{{text}}"}],"webhook_url":"{{_receiver.Url}}"}""";

    private async Task<Received> IsToldAsync(string name, string job)
    {
        var received = await _receiver.NextAsync(TestContext.Current.CancellationToken);
        Assert.Equal((name, job), (received.Type, received.Data.GetProperty("id").GetString()));
        return received;
    }
}
