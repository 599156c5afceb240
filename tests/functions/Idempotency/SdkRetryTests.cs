namespace Serverless.Functions.Tests.Idempotency;

/// <summary>The official SDKs send a request again without a key, and count their attempts.</summary>
public sealed class SdkRetryTests(OneProcess fixture)
{
    private readonly ApiClient _api = fixture.Server.Api;
    private readonly string _text = Guid.NewGuid().ToString();

    [Theory]
    [InlineData("")]
    [InlineData(""","temperature":0""")]
    public async Task ARetryFindsItsJobInFlight(string parameters)
    {
        using var first = await OpenAsync(Body(parameters));
        var retry = await AskAsync(Body(parameters), "1");
        var whole = await Answer.ReadAsync(first);

        Assert.Equal((whole.JobId, "shared", whole.Streamed()), (retry.JobId, retry.Headers["x-cache"], retry.Streamed()));
        Assert.NotEmpty(whole.Streamed());
    }

    [Fact]
    public async Task ARetryThatMayNotUseTheCacheFindsItsJobToo()
    {
        var body = Body(""","temperature":0""");
        using var first = await OpenAsync(body, ("Cache-Control", "no-cache"));
        var retry = await AskAsync(body, "2", ("Cache-Control", "no-cache"));
        Assert.Equal((await Answer.ReadAsync(first)).JobId, retry.JobId);
    }

    [Fact]
    public async Task WhatIsNoRetryOfTheSameCallerIsAJobOfItsOwn()
    {
        var created = await _api.PostAsync("/v1/keys", """{"tenant":"retrying-neighbour"}""");
        using var neighbour = fixture.Server.As(created.Json.GetProperty("key").GetString());
        using var first = await OpenAsync(Body());
        using var other = await neighbour.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(Body()), ("x-stainless-retry-count", "1"));
        var answers = await Task.WhenAll(AskAsync(Body(), "0"), AskAsync(Body(), "x"), AskAsync(Body(""","top_p":0.5"""), "1"), Answer.ReadAsync(first), Answer.ReadAsync(other));

        Assert.All(answers, answer => Assert.Equal("bypass", answer.Headers["x-cache"]));
        Assert.Equal(answers.Length, answers.Select(answer => answer.JobId).Distinct().Count());
    }

    [Fact]
    public async Task ARetryAfterTheEndIsAJobOfItsOwn()
    {
        var first = await AskAsync(Body(), "0");
        var retry = await AskAsync(Body(), "1");
        Assert.Equal((200, "bypass"), (retry.Status, retry.Headers["x-cache"]));
        Assert.NotEqual(first.JobId, retry.JobId);
    }

    private Task<Answer> AskAsync(string body, string count, params (string, string)[] headers) => _api.ChatAsync(body, [("x-stainless-retry-count", count), .. headers]);

    private Task<HttpResponseMessage> OpenAsync(string body, params (string, string)[] headers) =>
        _api.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(body), [("x-stainless-retry-count", "0"), .. headers]);

    private string Body(string parameters = "") =>
        $$"""{"model":"smollm2-135m-instruct","max_tokens":120,"ignore_eos":true,"stream":true,"messages":[{"role":"user","content":"Say {{_text}}"}]{{parameters}}}""";
}
