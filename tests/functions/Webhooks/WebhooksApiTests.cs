using System.Text.Json;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Functions.Tests.Webhooks;

public sealed class WebhooksApiTests(WebhookServer fixture) : IClassFixture<WebhookServer>
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task ASecretIsShownWhenItIsNewAndNeverAgain()
    {
        var made = await MakeAsync("https://example.com/hook");
        var secret = made.GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);

        var id = made.GetProperty("id").GetString();
        var shown = await _api.GetAsync($"/v1/webhooks/{id}");
        var listed = await _api.GetAsync("/v1/webhooks");
        Assert.All([shown, listed], answer => Assert.DoesNotContain(secret, answer.Text, StringComparison.Ordinal));
        Assert.Equal("whsec_…" + secret[^4..], shown.Json.GetProperty("secrets")[0].GetProperty("hint").GetString());

        var rotated = (await _api.PostAsync($"/v1/webhooks/{id}/rotate", """{"overlap_seconds":60}""")).Json;
        Assert.NotEqual(secret, rotated.GetProperty("secret").GetString());
        Assert.Equal(2, rotated.GetProperty("secrets").GetArrayLength());
        rotated = (await _api.PostAsync($"/v1/webhooks/{id}/rotate", """{"overlap_seconds":0}""")).Json;
        Assert.Equal(1, rotated.GetProperty("secrets").GetArrayLength());
        await DeleteAsync(made);
    }

    [Fact]
    public async Task AnEndpointIsChangedDisabledAndDeleted()
    {
        var made = await MakeAsync("https://example.com/hook");
        var path = $"/v1/webhooks/{made.GetProperty("id").GetString()}";

        var changed = (await _api.PostAsync(path, """{"url":"https://example.org/","events":["job.failed"],"payload":"full","description":"alerts","enabled":false}""")).Json;
        Assert.Equal(
            ("https://example.org/", "[\"job.failed\"]", "full", "alerts", false),
            (changed.GetProperty("url").GetString(), changed.GetProperty("events").GetRawText(), changed.GetProperty("payload").GetString(), changed.GetProperty("description").GetString(), changed.GetProperty("enabled").GetBoolean()));
        Assert.True((await _api.PostAsync(path, """{"enabled":true}""")).Json.GetProperty("enabled").GetBoolean());

        Assert.Equal(200, (await _api.SendAsync(HttpMethod.Delete, path, null)).Status);
        Assert.Equal((404, "webhook_not_found"), await ErrorAsync(_api.GetAsync(path)));
        Assert.Equal((404, "webhook_not_found"), await ErrorAsync(_api.PostAsync(path + "/test", "")));
    }

    [Theory]
    [InlineData("{}", "url")]
    [InlineData("""{"url":7}""", "url")]
    [InlineData("""{"url":"ftp://example.com"}""", "url")]
    [InlineData("""{"url":"http://169.254.169.254/"}""", "url")]
    [InlineData("""{"url":"https://example.com","events":[]}""", "events")]
    [InlineData("""{"url":"https://example.com","events":["job.running"]}""", "events")]
    [InlineData("""{"url":"https://example.com","events":"job.failed"}""", "events")]
    [InlineData("""{"url":"https://example.com","payload":"big"}""", "payload")]
    [InlineData("""{"url":"https://example.com","enabled":"yes"}""", "enabled")]
    [InlineData("""{"url":"https://example.com","secret":"mine"}""", "secret")]
    public async Task AMistakeIsNamed(string json, string param)
    {
        var answer = await _api.PostAsync("/v1/webhooks", json);
        Assert.Equal((400, param), (answer.Status, answer.ErrorParam));
    }

    [Fact]
    public async Task AnotherTenantSeesNothing()
    {
        var made = await MakeAsync("https://example.com/hook");
        var id = made.GetProperty("id").GetString();
        using var other = fixture.Server.As((await _api.PostAsync("/v1/keys", """{"name":"other","tenant":"other"}""")).Json.GetProperty("key").GetString());

        Assert.Equal((404, "webhook_not_found"), await ErrorAsync(other.GetAsync($"/v1/webhooks/{id}")));
        Assert.Equal((404, "webhook_not_found"), await ErrorAsync(other.PostAsync($"/v1/webhooks/{id}/rotate", "")));
        Assert.Equal((404, "webhook_not_found"), await ErrorAsync(other.GetAsync($"/v1/webhooks/{id}/deliveries")));
        Assert.DoesNotContain(id!, (await other.GetAsync("/v1/webhooks")).Text, StringComparison.Ordinal);
        await DeleteAsync(made);
    }

    [Fact]
    public async Task TheDeliveryLogTellsOfEachAttemptAndReplaysFromIt()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer(410);
        var made = await MakeAsync(receiver.Url.ToString());
        var path = $"/v1/webhooks/{made.GetProperty("id").GetString()}";
        var test = (await _api.PostAsync(path + "/test", "")).Json.GetProperty("id").GetString();
        var first = await receiver.NextAsync(TestContext.Current.CancellationToken);
        Assert.Equal((test, "webhook.test"), (first.Id, first.Type));

        var failed = (await _api.UntilAsync($"{path}/deliveries/{test}", answer => Status(answer) != "pending", TestContext.Current.CancellationToken)).Json;
        Assert.Equal(("failed", "The receiver answered 410 Gone."), (failed.GetProperty("status").GetString(), failed.GetProperty("reason").GetString()));
        Assert.Equal((410, "status 410"), (failed.GetProperty("attempts")[0].GetProperty("status").GetInt32(), failed.GetProperty("attempts")[0].GetProperty("response").GetString()));
        Assert.False((await _api.GetAsync(path)).Json.GetProperty("enabled").GetBoolean());
        Assert.Single((await _api.GetAsync(path + "/deliveries?status=failed")).Json.GetProperty("data").EnumerateArray());
        Assert.Empty((await _api.GetAsync(path + "/deliveries?status=delivered")).Json.GetProperty("data").EnumerateArray());

        await _api.PostAsync(path, """{"enabled":true}""");
        Assert.Equal(1, (await _api.PostAsync(path + "/deliveries/replay_failed", "")).Json.GetProperty("replayed").GetInt32());
        Assert.Equal(test, (await receiver.NextAsync(TestContext.Current.CancellationToken)).Id);
        await _api.UntilAsync($"{path}/deliveries/{test}", answer => Status(answer) == "delivered", TestContext.Current.CancellationToken);

        Assert.Equal(202, (await _api.PostAsync($"{path}/deliveries/{test}/replay", "")).Status);
        Assert.Equal(test, (await receiver.NextAsync(TestContext.Current.CancellationToken)).Id);
        await DeleteAsync(made);
    }

    [Fact]
    public async Task TheLogComesInPages()
    {
        await using var receiver = await Receiver.StartAsync();
        var made = await MakeAsync(receiver.Url.ToString());
        var path = $"/v1/webhooks/{made.GetProperty("id").GetString()}";
        var sent = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            sent.Add((await _api.PostAsync(path + "/test", "")).Json.GetProperty("id").GetString()!);
        }

        var first = (await _api.GetAsync(path + "/deliveries?limit=2")).Json;
        var second = (await _api.GetAsync($"{path}/deliveries?limit=2&after={first.GetProperty("last_id").GetString()}")).Json;

        Assert.Equal((true, false), (first.GetProperty("has_more").GetBoolean(), second.GetProperty("has_more").GetBoolean()));
        Assert.Equal(sent.Order(), new[] { first, second }.SelectMany(page => page.GetProperty("data").EnumerateArray()).Select(one => one.GetProperty("id").GetString()!).Order());
        await DeleteAsync(made);
    }

    [Theory]
    [InlineData("status=lost", "status")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("after=..%2Fx", "after")]
    public async Task ABadFilterOfTheLogIsNamed(string query, string param)
    {
        var answer = await _api.GetAsync("/v1/webhooks/requests/deliveries?" + query);
        Assert.Equal((400, param), (answer.Status, answer.ErrorParam));
    }

    [Theory]
    [InlineData("/v1/webhooks/whe_000000000000000000000000/deliveries", "webhook_not_found")]
    [InlineData("/v1/webhooks/..%2F..%2Fx", "webhook_not_found")]
    [InlineData("/v1/webhooks/requests/deliveries/msg_1", "delivery_not_found")]
    public async Task WhatIsNotThereIsNotFound(string path, string code) =>
        Assert.Equal((404, code), await ErrorAsync(_api.GetAsync(path)));

    [Fact]
    public async Task ThereAreNoMoreEndpointsThanAllowed()
    {
        using var api = fixture.Server.As((await _api.PostAsync("/v1/keys", """{"name":"many","tenant":"many"}""")).Json.GetProperty("key").GetString());
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(201, (await api.PostAsync("/v1/webhooks", """{"url":"https://example.com/"}""")).Status);
        }

        Assert.Equal((400, "too_many_webhooks"), await ErrorAsync(api.PostAsync("/v1/webhooks", """{"url":"https://example.com/"}""")));
    }

    [Fact]
    public async Task TheOfficialPackageVerifiesWhatWeSignBeforeDuringAndAfterARotation()
    {
        Assert.SkipUnless(await Node.IsThereAsync(), "Node.js is not installed.");
        await using var receiver = await Receiver.StartAsync();
        var first = (await _api.PostAsync("/v1/webhooks/requests/rotate", """{"overlap_seconds":0}""")).Json;
        var alone = await ToldAsync(receiver);
        var second = (await _api.PostAsync("/v1/webhooks/requests/rotate", """{"overlap_seconds":3600}""")).Json;
        var both = await ToldAsync(receiver);
        var third = (await _api.PostAsync("/v1/webhooks/requests/rotate", """{"overlap_seconds":0}""")).Json;
        var after = await ToldAsync(receiver);
        var forged = after with { Body = [.. after.Body, (byte)' '] };

        (JsonElement Secret, Received Request)[] good = [(first, alone), (first, both), (second, both), (third, after)];
        (JsonElement Secret, Received Request)[] bad = [(second, alone), (first, after), (second, after), (third, forged)];
        var results = await VerifyAsync([.. good, .. bad]);

        Assert.All(results[..good.Length], one => Assert.All(["symmetric", "asymmetric"], kind => Assert.Equal("job.succeeded", one.GetProperty(kind).GetProperty("verified").GetProperty("type").GetString())));
        Assert.All(results[good.Length..], one => Assert.All(["symmetric", "asymmetric"], kind => Assert.Equal("No matching signature found", one.GetProperty(kind).GetProperty("refused").GetString())));
    }

    private static string? Status(Answer answer) => answer.Json.GetProperty("status").GetString();

    private static async Task<(int, string?)> ErrorAsync(Task<Answer> asked)
    {
        var answer = await asked;
        return (answer.Status, answer.ErrorCode);
    }

    private static async Task<JsonElement[]> VerifyAsync((JsonElement Secret, Received Request)[] cases)
    {
        var requests = cases.Select(one => new
        {
            secret = one.Secret.GetProperty("secret").GetString(),
            publicKey = one.Secret.GetProperty("secrets")[0].GetProperty("public_key").GetString(),
            body = one.Request.Text,
            headers = one.Request.Headers,
        });
        var output = await Node.RunAsync(Path.Combine(AppContext.BaseDirectory, "js"), "verify-webhook.mjs", "test-node", new() { ["REQUESTS"] = JsonSerializer.Serialize(requests) });
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }

    private async Task<Received> ToldAsync(Receiver receiver)
    {
        var answer = await _api.ChatAsync(
            $$"""{"model":"{{RunningServer.Model}}","max_tokens":2,"messages":[{"role":"user","content":"Grüße"}],"webhook_url":"{{receiver.Url}}"}""");
        Assert.Equal((200, "bypass"), (answer.Status, answer.Headers["x-cache"]));
        return await receiver.NextAsync(TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> MakeAsync(string url)
    {
        var answer = await _api.PostAsync("/v1/webhooks", $$"""{"url":"{{url}}"}""");
        Assert.Equal(201, answer.Status);
        return answer.Json;
    }

    // The tests share a tenant, which may have few endpoints.
    private async Task DeleteAsync(JsonElement made) =>
        Assert.Equal(200, (await _api.SendAsync(HttpMethod.Delete, $"/v1/webhooks/{made.GetProperty("id").GetString()}", null)).Status);
}
