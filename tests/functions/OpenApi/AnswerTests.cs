using System.Text.Json;

namespace Serverless.Functions.Tests.OpenApi;

/// <summary>What the running system answers is what its description says: every property described, and every one promised there.</summary>
public sealed class AnswerTests(OneProcess fixture)
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Theory]
    [InlineData("""{"model":"smollm2-135m-instruct","max_tokens":3,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":"smollm2-135m-instruct","max_tokens":3,"n":2,"logprobs":true,"top_logprobs":2,"messages":[{"role":"user","content":"Hi"}]}""")]
    public Task AChatIsAsDescribed(string body) => CheckAsync("POST", "/v1/chat/completions", body);

    [Theory]
    [InlineData("""{"model":"smollm2-135m-instruct","max_tokens":3,"prompt":"Hi"}""")]
    [InlineData("""{"model":"smollm2-135m-instruct","max_tokens":3,"prompt":["Hi",[1,2]],"logprobs":2}""")]
    public Task ACompletionIsAsDescribed(string body) => CheckAsync("POST", "/v1/completions", body);

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"smollm2-135m-instruct","max_tokens":3,"stream":true,"stream_options":{"include_usage":true},"logprobs":true,"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/completions", """{"model":"smollm2-135m-instruct","max_tokens":3,"stream":true,"stream_options":{"include_usage":true},"prompt":"Hi"}""")]
    public async Task EveryChunkOfAStreamIsAsDescribed(string path, string body)
    {
        var answer = await _api.PostAsync(path, body);
        await CheckEventsAsync("post", path, answer);
        Assert.Contains(answer.Events, one => one.Data.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object);
    }

    [Fact]
    public async Task AJobAndItsEventsAreAsDescribed()
    {
        var accepted = await CheckAsync("POST", "/v1/chat/completions", """{"model":"smollm2-135m-instruct","max_tokens":3,"logprobs":true,"top_logprobs":1,"messages":[{"role":"user","content":"Hi"}]}""", ("Prefer", "respond-async"));
        Assert.Equal(202, accepted.Status);
        await CheckEventsAsync("get", "/v1/jobs/{id}/events", await _api.GetAsync($"/v1/jobs/{accepted.JobId}/events"));
        await CheckAsync("GET", "/v1/jobs/{id}", null, accepted.JobId);
        await CheckAsync("POST", "/v1/jobs/{id}/cancel", "", accepted.JobId);
    }

    [Fact]
    public async Task AJobThatFailedIsAsDescribed()
    {
        var accepted = await _api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":400,"ignore_eos":true,"messages":[{"role":"user","content":"Cancel me"}]}""", ("Prefer", "respond-async"));
        await CheckAsync("POST", "/v1/jobs/{id}/cancel", "", accepted.JobId);
        await _api.UntilAsync($"/v1/jobs/{accepted.JobId}", job => job.Json.GetProperty("status").GetString() is not ("queued" or "running"), TestContext.Current.CancellationToken);
        var job = await CheckAsync("GET", "/v1/jobs/{id}", null, accepted.JobId);
        Assert.Equal("cancelled", job.Json.GetProperty("status").GetString());
        await CheckEventsAsync("get", "/v1/jobs/{id}/events", await _api.GetAsync($"/v1/jobs/{accepted.JobId}/events"));
    }

    [Fact]
    public async Task ModelsAreAsDescribed()
    {
        await CheckAsync("GET", "/v1/models", null);
        await CheckAsync("GET", "/v1/models/{id}", null, RunningServer.Model);
    }

    [Fact]
    public async Task KeysAreAsDescribed()
    {
        var made = await CheckAsync("POST", "/v1/keys", """{"tenant":"described","name":"a"}""");
        await CheckAsync("GET", "/v1/keys", null);
        await CheckAsync("DELETE", "/v1/keys/{id}", null, made.Json.GetProperty("id").GetString());
    }

    [Fact]
    public async Task WebhooksAreAsDescribed()
    {
        var made = await CheckAsync("POST", "/v1/webhooks", """{"url":"https://receiver.invalid/hook","description":"a"}""");
        var id = made.Json.GetProperty("id").GetString();
        await CheckAsync("GET", "/v1/webhooks", null);
        await CheckAsync("GET", "/v1/webhooks/{id}", null, id);
        await CheckAsync("GET", "/v1/webhooks/{id}", null, "requests");
        await CheckAsync("POST", "/v1/webhooks/{id}", """{"events":["job.failed"]}""", id);
        await CheckAsync("POST", "/v1/webhooks/{id}/rotate", """{"overlap_seconds":60}""", id);
        await CheckAsync("DELETE", "/v1/webhooks/{id}", null, id);
    }

    [Fact]
    public async Task DeliveriesAreAsDescribed()
    {
        var id = (await _api.PostAsync("/v1/webhooks", """{"url":"https://receiver.invalid/hook"}""")).Json.GetProperty("id").GetString();
        var begun = await CheckAsync("POST", "/v1/webhooks/{id}/test", "", id);
        var delivery = begun.Json.GetProperty("id").GetString()!;
        await _api.UntilAsync($"/v1/webhooks/{id}/deliveries/{delivery}", answer => answer.Json.GetProperty("attempts").GetArrayLength() > 0, TestContext.Current.CancellationToken);

        await CheckAsync("GET", "/v1/webhooks/{id}/deliveries", null, id);
        await CheckOneAsync("GET", "/v1/webhooks/{id}/deliveries/{delivery}");
        await CheckOneAsync("POST", "/v1/webhooks/{id}/deliveries/{delivery}/replay");
        await CheckAsync("POST", "/v1/webhooks/{id}/deliveries/replay_failed", "", id);
        await _api.SendAsync(HttpMethod.Delete, $"/v1/webhooks/{id}", null);

        Task<Answer> CheckOneAsync(string method, string path) =>
            CheckAtAsync(method, path, path.Replace("{id}", id, StringComparison.Ordinal).Replace("{delivery}", delivery, StringComparison.Ordinal), null);
    }

    [Theory]
    [InlineData("GET", "/v1/webhooks/{id}", null, 404)]
    [InlineData("POST", "/v1/webhooks", """{"url":"https://127.0.0.1/"}""", 400)]
    [InlineData("GET", "/v1/models/{id}", null, 404)]
    [InlineData("GET", "/v1/jobs/{id}", null, 404)]
    [InlineData("DELETE", "/v1/keys/{id}", null, 404)]
    [InlineData("POST", "/v1/chat/completions", """{"model":7}""", 400)]
    [InlineData("POST", "/v1/completions", "{", 400)]
    public async Task ARefusalIsAsDescribed(string method, string path, string? body, int status)
    {
        var answer = await CheckAsync(method, path, body, "nothing");
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task ARepeatUnderAKeyAndItsRefusalAreAsDescribed()
    {
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        const string Body = """{"model":"smollm2-135m-instruct","max_tokens":3,"messages":[{"role":"user","content":"Hi"}]}""";
        await CheckAsync("POST", "/v1/chat/completions", Body, key);
        Assert.Equal("true", (await CheckAsync("POST", "/v1/chat/completions", Body, key)).Headers["idempotent-replayed"]);
        var refused = await CheckAsync("POST", "/v1/chat/completions", Body.Replace("Hi", "Ho", StringComparison.Ordinal), key);
        Assert.Equal(422, refused.Status);
        var document = (await _api.GetAsync("/openapi/v1.json")).Json;
        Assert.All(["/v1/chat/completions", "/v1/completions"], path =>
        {
            var operation = document.GetProperty("paths").GetProperty(path).GetProperty("post");
            Assert.Contains(operation.GetProperty("parameters").EnumerateArray(), parameter => parameter.GetProperty("name").GetString() == "Idempotency-Key");
            Assert.All(["409", "422"], status => Assert.True(operation.GetProperty("responses").TryGetProperty(status, out _)));
            Assert.True(operation.GetProperty("responses").GetProperty("200").GetProperty("headers").TryGetProperty("idempotent-replayed", out _));
        });
    }

    private Task<Answer> CheckAsync(string method, string path, string? body, params (string, string)[] headers) => CheckAsync(method, path, body, null, headers);

    private Task<Answer> CheckAsync(string method, string path, string? body, string? id, params (string Name, string Value)[] headers) =>
        CheckAtAsync(method, path, path.Replace("{id}", id, StringComparison.Ordinal), body, headers);

    private async Task<Answer> CheckAtAsync(string method, string path, string address, string? body, params (string Name, string Value)[] headers)
    {
        using var content = body is null ? null : ApiClient.Json(body);
        var answer = await _api.SendAsync(new HttpMethod(method), address, content, headers);
        var (schemas, described) = await DescribedAsync(method, path, answer, "application/json");
        Assert.Empty(schemas.Problems(described, answer.Json));
        return answer;
    }

    private async Task CheckEventsAsync(string method, string path, Answer answer)
    {
        var (schemas, described) = await DescribedAsync(method, path, answer, "text/event-stream");
        Assert.NotEmpty(answer.Events);
        Assert.All(answer.Events, one => Assert.Empty(schemas.Problems(described, one.Data)));
    }

    private async Task<(JsonSchema Schemas, JsonElement Described)> DescribedAsync(string method, string path, Answer answer, string type)
    {
        var document = (await _api.GetAsync("/openapi/v1.json")).Json;
        var answers = document.GetProperty("paths").GetProperty(path).GetProperty(method.ToLowerInvariant()).GetProperty("responses");
        var described = answers.TryGetProperty($"{answer.Status}", out var exact) ? exact : answers.GetProperty("default");
        var named = described.GetProperty("headers").EnumerateObject().Select(header => header.Name);
        Assert.All(answer.Headers.Keys.Where(name => name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) && !name.Equals("x-accel-buffering", StringComparison.OrdinalIgnoreCase)),
            name => Assert.Contains(name, named, StringComparer.OrdinalIgnoreCase));
        return (new JsonSchema(document, isClosed: true), described.GetProperty("content").GetProperty(type).GetProperty("schema"));
    }
}
