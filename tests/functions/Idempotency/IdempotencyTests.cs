using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Functions.Tests.BadInput;

namespace Serverless.Functions.Tests.Idempotency;

public sealed class IdempotencyTests(OneProcess fixture)
{
    private const string Path = "/v1/chat/completions";
    private readonly ApiClient _api = fixture.Server.Api;
    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task ARepeatGetsTheSameJobAndTheSameBody()
    {
        var (first, repeat) = (await AskAsync(Body()), await AskAsync(Body()));

        Assert.Equal((200, 200), (first.Status, repeat.Status));
        Assert.False(first.Headers.ContainsKey("idempotent-replayed"));
        Assert.Equal("true", repeat.Headers["idempotent-replayed"]);
        Assert.Equal((first.JobId, first.Headers["x-cache"], first.Text), (repeat.JobId, repeat.Headers["x-cache"], repeat.Text));
    }

    [Fact]
    public async Task ATextCompletionIsRepeatedToo()
    {
        const string Text = """{"model":"smollm2-135m-instruct","max_tokens":5,"prompt":"Hi"}""";
        var first = await _api.PostAsync("/v1/completions", Text, ("Idempotency-Key", _key));
        var repeat = await _api.PostAsync("/v1/completions", Text, ("Idempotency-Key", _key));
        Assert.Equal((first.JobId, first.Text, "true"), (repeat.JobId, repeat.Text, repeat.Headers["idempotent-replayed"]));
    }

    [Fact]
    public async Task AnAnswerFromTheCacheIsRepeatedAsSuch()
    {
        var body = Body(""","temperature":0""");
        var made = await _api.ChatAsync(body);
        var (hit, repeat) = (await AskAsync(body), await AskAsync(body));
        Assert.Equal(("hit", "hit"), (hit.Headers["x-cache"], repeat.Headers["x-cache"]));
        Assert.Equal((made.JobId, hit.Text, "true"), (repeat.JobId, repeat.Text, repeat.Headers["idempotent-replayed"]));
    }

    [Fact]
    public async Task AStreamIsRepeatedFromItsStartWhileItRunsAndAfterItsEnd()
    {
        var body = Body(""","stream":true,"ignore_eos":true""", tokens: 120);
        using var opened = await _api.OpenAsync(HttpMethod.Post, Path, ApiClient.Json(body), ("Idempotency-Key", _key));
        var during = await AskAsync(body);
        var first = await Answer.ReadAsync(opened);
        var after = await AskAsync(body);

        Assert.NotEmpty(first.Streamed());
        Assert.All([during, after], repeat =>
        {
            Assert.Equal((first.JobId, "true", first.Streamed()), (repeat.JobId, repeat.Headers["idempotent-replayed"], repeat.Streamed()));
        });
    }

    [Fact]
    public async Task ABackgroundCallIsRepeatedByItsPlaceAndByItsAnswer()
    {
        var first = await AskAsync(Body(), ("Prefer", "respond-async"));
        var repeat = await AskAsync(Body(), ("Prefer", "respond-async"));
        var whole = await AskAsync(Body());
        var late = await AskAsync(Body(), ("Prefer", "respond-async"));

        Assert.Equal([202, 202, 200, 202], new[] { first, repeat, whole, late }.Select(answer => answer.Status));
        Assert.Single(new[] { first, repeat, whole, late }.Select(answer => answer.JobId).Distinct());
        Assert.All([repeat, whole, late], answer => Assert.Equal("true", answer.Headers["idempotent-replayed"]));
        Assert.Equal(first.Headers["Location"], late.Headers["Location"]);
        Assert.Equal(whole.Content, late.Json.GetProperty("result").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task AnotherRequestUnderTheSameKeyIsRefused()
    {
        await AskAsync(Body());
        var body = await AskAsync(Body(""","seed":1"""));
        var endpoint = await _api.PostAsync("/v1/completions", """{"model":"smollm2-135m-instruct","prompt":"Hi"}""", ("Idempotency-Key", _key));

        Assert.All([body, endpoint], refused =>
        {
            BadInputServer.CheckError(refused);
            Assert.Equal((422, "idempotency_key_reuse", "Idempotency-Key"), (refused.Status, refused.ErrorCode, refused.ErrorParam));
        });
    }

    [Fact]
    public async Task AnotherTenantMayUseTheSameKey()
    {
        var first = await AskAsync(Body());
        var created = await _api.PostAsync("/v1/keys", """{"tenant":"idempotent-neighbour"}""");
        using var neighbour = fixture.Server.As(created.Json.GetProperty("key").GetString());
        var other = await neighbour.ChatAsync(Body(), ("Idempotency-Key", _key));
        Assert.False(other.Headers.ContainsKey("idempotent-replayed"));
        Assert.NotEqual(first.JobId, other.JobId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("schl\u00fcssel")]
    [InlineData(null)]
    public async Task ABadKeyIsRefused(string? key)
    {
        key ??= new string('k', 256);
        var body = Body();
        // The bytes of the header are UTF-8, which a client library would refuse to send.
        var bytes = string.Concat(System.Text.Encoding.UTF8.GetBytes(key).Select(one => (char)one));
        var answer = await RawConnection.SendAsync(
            fixture.Server.Address,
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {RunningServer.AdministratorKey}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nIdempotency-Key: {bytes}\r\n\r\n{body}",
            TestContext.Current.CancellationToken);
        BadInputServer.CheckError(answer);
        Assert.Equal((400, "invalid_idempotency_key", "Idempotency-Key"), (answer.Status, answer.ErrorCode, answer.ErrorParam));
    }

    [Fact]
    public async Task TheLongestKeyIsTaken()
    {
        var answer = await _api.ChatAsync(Body(), ("Idempotency-Key", new string('k', 219) + _key));
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task EqualCallsAtOnceShareOneJob()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync(Body(""","ignore_eos":true""", tokens: 60))));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Single(answers.Select(answer => (answer.JobId, answer.Text)).Distinct());
        Assert.Single(answers, answer => !answer.Headers.ContainsKey("idempotent-replayed"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","stream":true""")]
    public async Task ACancelledJobIsRepeatedAsCancelled(string parameters)
    {
        var body = Body(""","ignore_eos":true""" + parameters, tokens: 1500);
        var first = await AskAsync(body, ("Prefer", "respond-async"));
        await _api.PostAsync($"/v1/jobs/{first.JobId}/cancel", "");
        await EndAsync(first.JobId);

        var repeat = await AskAsync(body);
        Assert.Equal((409, "job_cancelled", first.JobId, "true"), (repeat.Status, repeat.ErrorCode, repeat.JobId, repeat.Headers["idempotent-replayed"]));
    }

    [Fact]
    public async Task AnExpiredJobIsRepeatedAsExpiredAlthoughItsDeadlineIsPast()
    {
        var deadline = DateTimeOffset.UtcNow.AddSeconds(2).ToUnixTimeSeconds();
        var body = Body($""","ignore_eos":true,"n":8,"deadline":{deadline}""", tokens: 1500);
        var (first, repeat) = (await AskAsync(body), await AskAsync(body));
        Assert.Equal((408, "job_expired"), (first.Status, first.ErrorCode));
        Assert.Equal((408, first.Text, first.JobId, "true"), (repeat.Status, repeat.Text, repeat.JobId, repeat.Headers["idempotent-replayed"]));
    }

    [Fact]
    public async Task ACallerWhoseConnectionBreaksGetsTheAnswerByItsKey()
    {
        var body = Body(""","stream":true,"ignore_eos":true""", tokens: 150);
        string id;
        using (var leaving = await _api.OpenAsync(HttpMethod.Post, Path, ApiClient.Json(body), ("Idempotency-Key", _key)))
        {
            id = leaving.Headers.GetValues("x-job-id").Single();
        }

        var repeat = await AskAsync(body);
        Assert.Equal((200, id), (repeat.Status, repeat.JobId));
        Assert.Equal("succeeded", (await EndAsync(id)).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task AKeyOfYesterdayMayBeUsedAnew()
    {
        var first = await AskAsync(Body());
        var path = Directory.EnumerateFiles(System.IO.Path.Combine(fixture.Server.Data, "store", "idempotency"), "key.json", SearchOption.AllDirectories)
            .Single(file => File.ReadAllText(file).Contains(first.JobId, StringComparison.Ordinal));
        var record = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        record["created_at"] = DateTimeOffset.UtcNow.AddHours(-24).ToString("O");
        await File.WriteAllTextAsync(path, record.ToJsonString(), TestContext.Current.CancellationToken);

        var other = Body(""","seed":5""");
        var (anew, repeat) = (await AskAsync(other), await AskAsync(other));
        Assert.Equal(200, anew.Status);
        Assert.False(anew.Headers.ContainsKey("idempotent-replayed"));
        Assert.NotEqual(first.JobId, anew.JobId);
        Assert.Equal((anew.JobId, "true"), (repeat.JobId, repeat.Headers["idempotent-replayed"]));
    }

    private Task<Answer> AskAsync(string body, params (string, string)[] headers) => _api.ChatAsync(body, [("Idempotency-Key", _key), .. headers]);

    private Task<Answer> EndAsync(string id) => _api.UntilAsync(
        $"/v1/jobs/{id}", answer => answer.Json.GetProperty("finished_at").ValueKind == JsonValueKind.Number, TestContext.Current.CancellationToken);

    private string Body(string parameters = "", int tokens = 6) =>
        $$"""{"model":"smollm2-135m-instruct","max_tokens":{{tokens}},"messages":[{"role":"user","content":"Say {{_key}}"}]{{parameters}}}""";
}
