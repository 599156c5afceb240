using System.Globalization;
using System.Text.RegularExpressions;

namespace Serverless.Functions.Tests.Headers;

/// <summary>Every answer names its request and says how long it took; one that a job gave also names the job and where its time went.</summary>
public sealed partial class HeadersTests(OneProcess fixture)
{
    private readonly ApiClient _api = fixture.Server.Api;

    public static TheoryData<string, string, string?, int> Calls => new()
    {
        { "GET", "/", null, 200 },
        { "GET", "/healthz", null, 200 },
        { "GET", "/docs/", null, 200 },
        { "GET", "/openapi/v1.json", null, 200 },
        { "GET", "/v1/models", null, 200 },
        { "GET", "/v1/keys", null, 200 },
        { "POST", "/v1/chat/completions", "{}", 400 },
        { "GET", "/v1/nothing", null, 404 },
        { "GET", "/v1/jobs/nothing", null, 404 },
        { "PUT", "/v1/models", null, 405 },
        { "POST", "/v1/completions", null, 415 },
    };

    public static TheoryData<string> Readable => ["/", "/healthz", "/docs/", "/openapi/v1.json", "/v1/models", $"/v1/models/{RunningServer.Model}", "/v1/keys", "/v1/nothing", "/v1/jobs/nothing"];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task EveryAnswerNamesItsRequestAndItsTime(string method, string path, string? body, int status)
    {
        using var content = body is null ? null : ApiClient.Json(body);
        var answer = await _api.SendAsync(new HttpMethod(method), path, content);
        Assert.Equal(status, answer.Status);
        CheckCommon(answer);
    }

    [Fact]
    public async Task ARefusedKeyAndABodyTooLargeAreNamedToo()
    {
        using var nobody = fixture.Server.As(null);
        var unknown = await nobody.GetAsync("/v1/models");
        var large = await _api.ChatAsync($$"""{"model":"{{new string('a', new ApiOptions().MaxBodyBytes)}}"}""");

        Assert.Equal((401, 413), (unknown.Status, large.Status));
        CheckCommon(unknown);
        CheckCommon(large);
    }

    [Fact]
    public async Task NoTwoRequestsHaveOneName()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _api.GetAsync("/healthz")));
        Assert.Equal(20, answers.Select(answer => answer.Headers["x-request-id"]).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public async Task HeadAnswersAsGetDoesWithoutTheBody(string path)
    {
        var get = await _api.GetAsync(path);
        var head = await _api.SendAsync(HttpMethod.Head, path, null);

        Assert.Equal((get.Status, ""), (head.Status, head.Text));
        Assert.Equal(get.Headers.GetValueOrDefault("Content-Type"), head.Headers.GetValueOrDefault("Content-Type"));
        CheckCommon(head);
    }

    /// <summary>Its events go on for long; the headers are there at once, and the connection serves the next call.</summary>
    [Fact]
    public async Task HeadOfARunningJobsEventsWaitsForNoEvent()
    {
        var accepted = await _api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":1500,"ignore_eos":true,"messages":[{"role":"user","content":"On and on"}]}""", ("Prefer", "respond-async"));
        var head = await _api.SendAsync(HttpMethod.Head, $"/v1/jobs/{accepted.JobId}/events", null);
        var job = await _api.GetAsync($"/v1/jobs/{accepted.JobId}");
        await _api.PostAsync($"/v1/jobs/{accepted.JobId}/cancel", "");

        Assert.Equal((200, ""), (head.Status, head.Text));
        Assert.StartsWith("text/event-stream", head.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Contains(job.Json.GetProperty("status").GetString(), (string?[])["queued", "running"]);
    }

    [Fact]
    public async Task HeadIsNoWayToPost()
    {
        var answer = await _api.SendAsync(HttpMethod.Head, "/v1/chat/completions", null);
        Assert.Equal(405, answer.Status);
        Assert.Equal("POST", answer.Headers["Allow"]);
    }

    [Fact]
    public async Task ANewAnswerTellsItsJobAndTheTimeOfEveryPart()
    {
        var answer = await AskAsync("headers one", stream: false);

        CheckCommon(answer);
        CheckJob(answer, "miss");
        Assert.Equal(["auth", "cache", "queue", "engine"], Parts(answer).Select(part => part.Name));
        Assert.All(Parts(answer), part => Assert.True(part.Milliseconds >= 0));
    }

    [Fact]
    public async Task AnAnswerFromTheCacheHasNoQueueAndNoEngine()
    {
        await AskAsync("headers two", stream: false);
        foreach (var stream in new[] { false, true })
        {
            var hit = await AskAsync("headers two", stream);
            CheckCommon(hit);
            CheckJob(hit, "hit");
            Assert.Equal(["auth", "cache"], Parts(hit).Select(part => part.Name));
        }
    }

    /// <summary>Its headers are sent before the engine's time is known; the job tells it afterwards.</summary>
    [Fact]
    public async Task AStreamTellsItsJobAndWhatIsKnownAtItsStart()
    {
        var answer = await AskAsync("headers three", stream: true);

        CheckCommon(answer);
        CheckJob(answer, "miss");
        Assert.Equal(["auth", "cache"], Parts(answer).Select(part => part.Name));
        var job = await _api.GetAsync($"/v1/jobs/{answer.JobId}");
        Assert.True(job.Json.GetProperty("finished_at").GetInt64() >= job.Json.GetProperty("started_at").GetInt64());
    }

    [Fact]
    public async Task AnAnswerPastTheCacheSaysSo()
    {
        var answer = await AskAsync("headers four", stream: false, ("Cache-Control", "no-store"));
        CheckJob(answer, "bypass");
        Assert.False(answer.Headers.ContainsKey("Age"));
    }

    [Fact]
    public async Task ABackgroundAnswerTellsItsJobAndWhereItIs()
    {
        var answer = await AskAsync("headers five", stream: false, ("Prefer", "respond-async"));
        Assert.Equal(202, answer.Status);
        CheckCommon(answer);
        CheckJob(answer, "miss");
        Assert.Equal($"/v1/jobs/{answer.JobId}", answer.Headers["Location"]);
    }

    [Fact]
    public async Task AJobThatIsRefusedByTheModelIsNamedInTheRefusal()
    {
        var answer = await _api.ChatAsync($$"""{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat("many words ", 6_000))}}"}]}""");
        Assert.Equal((400, "context_length_exceeded"), (answer.Status, answer.ErrorCode));
        CheckCommon(answer);
        Assert.StartsWith("job_", answer.JobId, StringComparison.Ordinal);
    }

    private Task<Answer> AskAsync(string text, bool stream, params (string, string)[] headers) =>
        _api.ChatAsync($$"""{"model":"smollm2-135m-instruct","temperature":0,"max_tokens":4,"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{text}}"}]}""", headers);

    private static void CheckCommon(Answer answer)
    {
        Assert.Matches("^req_[0-9a-f]{32}$", answer.Headers["x-request-id"]);
        Assert.Matches(@"^\d+$", answer.Headers["openai-processing-ms"]);
    }

    private static void CheckJob(Answer answer, string cache)
    {
        Assert.StartsWith("job_", answer.JobId, StringComparison.Ordinal);
        Assert.Equal(cache, answer.Headers["x-cache"]);
    }

    private static (string Name, double Milliseconds)[] Parts(Answer answer) =>
        [.. Part().Matches(answer.Headers["server-timing"]).Select(part => (part.Groups["name"].Value, double.Parse(part.Groups["ms"].Value, CultureInfo.InvariantCulture)))];

    [GeneratedRegex(@"(?<name>\w+);dur=(?<ms>[\d.]+)")]
    private static partial Regex Part();
}
