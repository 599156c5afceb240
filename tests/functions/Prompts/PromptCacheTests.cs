namespace Serverless.Functions.Tests.Prompts;

public sealed class PromptCacheTests(OneProcess fixture)
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task ADeterminedAnswerIsKeptAndSaysItsAge()
    {
        var miss = await AskAsync("cache one", """ "temperature":0 """);
        var hit = await AskAsync("cache one", """ "temperature":0 """);

        Assert.Equal(("miss", "hit"), (miss.Headers["x-cache"], hit.Headers["x-cache"]));
        Assert.False(miss.Headers.ContainsKey("Age"));
        Assert.InRange(int.Parse(hit.Headers["Age"], null), 0, 120);
        Assert.Equal(miss.JobId, hit.JobId);
        Assert.Equal(miss.Content, hit.Content);
        var usage = hit.Json.GetProperty("usage");
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task AnAnswerLeftToChanceIsNotKept()
    {
        await AskAsync("cache two", """ "temperature":1 """);
        Assert.Equal("bypass", (await AskAsync("cache two", """ "temperature":1 """)).Headers["x-cache"]);
    }

    [Fact]
    public async Task NoStoreLeavesNothingBehindAndNoCacheRenews()
    {
        Assert.Equal("bypass", (await AskAsync("cache three", """ "seed":1 """, "no-store")).Headers["x-cache"]);
        Assert.Equal("miss", (await AskAsync("cache three", """ "seed":1 """)).Headers["x-cache"]);
        Assert.Equal("bypass", (await AskAsync("cache three", """ "seed":1 """, "no-cache")).Headers["x-cache"]);
        Assert.Equal("hit", (await AskAsync("cache three", """ "seed":1 """, "max-age=3600")).Headers["x-cache"]);
        Assert.Equal("miss", (await AskAsync("cache three", """ "seed":1 """, "max-age=0")).Headers["x-cache"]);
    }

    [Fact]
    public async Task EqualRequestsInFlightShareOneJob()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync("single flight", """ "temperature":0,"max_tokens":100,"ignore_eos":true """)));

        Assert.Single(answers.Select(answer => answer.JobId).Distinct());
        Assert.Single(answers.Select(answer => answer.Content).Distinct());
        Assert.Single(answers, answer => answer.Headers["x-cache"] == "miss");
        Assert.All(answers, answer => Assert.NotEqual("bypass", answer.Headers["x-cache"]));
    }

    [Fact]
    public async Task AnotherTenantsAnswerIsNeverGiven()
    {
        var created = await _api.PostAsync("/v1/keys", """{"tenant":"cache-neighbour"}""");
        using var neighbour = fixture.Server.As(created.Json.GetProperty("key").GetString());
        await AskAsync("whose", """ "temperature":0 """);
        var answer = await neighbour.ChatAsync(Body("whose", """ "temperature":0 """));
        Assert.Equal("miss", answer.Headers["x-cache"]);
    }

    private Task<Answer> AskAsync(string text, string parameters, string? directive = null) =>
        _api.ChatAsync(Body(text, parameters), directive is null ? [] : [("Cache-Control", directive)]);

    private static string Body(string text, string parameters) =>
        $$"""{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"{{text}}"}],{{(parameters.Contains("max_tokens", StringComparison.Ordinal) ? "" : """ "max_tokens":6, """)}}{{parameters}}}""";
}
