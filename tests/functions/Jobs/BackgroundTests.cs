using System.Text.Json;

namespace Serverless.Functions.Tests.Jobs;

public sealed class BackgroundTests(OneProcess fixture)
{
    private const string Long = """{"model":"smollm2-135m-instruct","max_tokens":1500,"ignore_eos":true,"messages":[{"role":"user","content":"Count."}]""";
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task ABackgroundCallIsAnsweredWithAPlaceToLook()
    {
        var answer = await StartAsync("""{"model":"smollm2-135m-instruct","max_tokens":4,"messages":[{"role":"user","content":"Hello"}]}""");

        Assert.Equal(202, answer.Status);
        Assert.Equal($"/v1/jobs/{answer.JobId}", answer.Headers["Location"]);
        Assert.Equal("1", answer.Headers["Retry-After"]);
        Assert.Equal("respond-async", answer.Headers["Preference-Applied"]);
        Assert.Equal(answer.JobId, answer.Json.GetProperty("id").GetString());
        Assert.Equal("job", answer.Json.GetProperty("object").GetString());
        var done = await EndAsync(answer.JobId);
        Assert.Equal("succeeded", done.Json.GetProperty("status").GetString());
        Assert.Equal("chat.completion", done.Json.GetProperty("result").GetProperty("object").GetString());
    }

    [Fact]
    public async Task EventsResumeAfterAnyOfThemWithExactlyTheSameText()
    {
        var job = await StartAsync("""{"model":"smollm2-135m-instruct","max_tokens":12,"seed":8,"ignore_eos":true,"messages":[{"role":"user","content":"Hello"}]}""");
        var whole = (await _api.GetAsync($"/v1/jobs/{job.JobId}/events")).Events;
        Assert.Equal(Enumerable.Range(0, whole.Count).Select(number => (long?)number), whole.Select(one => one.Id));

        for (var seen = 0; seen < whole.Count; seen++)
        {
            var rest = whole.Skip(seen + 1).Select(one => one.Data.GetRawText()).ToArray();
            var byQuery = await _api.GetAsync($"/v1/jobs/{job.JobId}/events?starting_after={seen}");
            var byHeader = await _api.GetAsync($"/v1/jobs/{job.JobId}/events", ("Last-Event-ID", seen.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Equal(rest, byQuery.Events.Select(one => one.Data.GetRawText()));
            Assert.Equal(rest, byHeader.Events.Select(one => one.Data.GetRawText()));
        }
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999999999")]
    public async Task EventsCannotResumeAfterWhatIsNoNumber(string after)
    {
        var job = await StartAsync("""{"model":"smollm2-135m-instruct","max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}""");
        var answer = await _api.GetAsync($"/v1/jobs/{job.JobId}/events?starting_after={after}");
        Assert.Equal((400, "starting_after"), (answer.Status, answer.ErrorParam));
    }

    [Fact]
    public async Task ACancelledJobStopsAndItsEventsEnd()
    {
        var job = await StartAsync(Long + "}");
        Assert.Equal(200, (await _api.PostAsync($"/v1/jobs/{job.JobId}/cancel", "")).Status);

        var last = (await _api.GetAsync($"/v1/jobs/{job.JobId}/events")).Events[^1];
        Assert.Equal("cancelled", last.Data.GetProperty("state").GetString(), ignoreCase: true);
        Assert.Equal("cancelled", (await EndAsync(job.JobId)).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task AJobThatHasEndedStaysAsItIsWhenCancelled()
    {
        var job = await StartAsync("""{"model":"smollm2-135m-instruct","max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}""");
        await EndAsync(job.JobId);
        var answer = await _api.PostAsync($"/v1/jobs/{job.JobId}/cancel", "");
        Assert.Equal("succeeded", answer.Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task AReaderThatLeavesCancelsItsJobAndTheNextRequestIsAnswered()
    {
        var id = await LeaveAsync(Long + ""","stream":true}""");

        Assert.Equal("cancelled", (await EndAsync(id)).Json.GetProperty("status").GetString());
        Assert.Equal(200, (await _api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":1,"messages":[{"role":"user","content":"Hello"}]}""")).Status);
    }

    [Fact]
    public async Task AReaderThatLeavesDoesNotCancelWhatABackgroundCallerShares()
    {
        var body = Long.Replace("1500", "200", StringComparison.Ordinal) + ""","seed":77""";
        using var leaving = await _api.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(body + ""","stream":true}"""));
        var shared = await StartAsync(body + "}");
        leaving.Dispose();

        Assert.Equal("shared", shared.Headers["x-cache"]);
        Assert.Equal("succeeded", (await EndAsync(shared.JobId)).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task AReaderThatReadsSlowlyGetsEverything()
    {
        using var response = await _api.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(
            """{"model":"smollm2-135m-instruct","max_tokens":60,"n":8,"ignore_eos":true,"seed":4,"stream":true,"messages":[{"role":"user","content":"Count."}]}"""));
        var id = response.Headers.GetValues("x-job-id").Single();
        // Nothing is read before the job has ended.
        var job = await EndAsync(id);
        var streamed = await Answer.ReadAsync(response);

        Assert.All(Enumerable.Range(0, 8), choice => Assert.Equal(
            job.Json.GetProperty("result").GetProperty("choices")[choice].GetProperty("message").GetProperty("content").GetString(),
            streamed.Streamed(choice)));
    }

    private Task<Answer> StartAsync(string body) => _api.ChatAsync(body, ("Prefer", "respond-async"));

    private Task<Answer> EndAsync(string id) => _api.UntilAsync(
        $"/v1/jobs/{id}", answer => answer.Json.GetProperty("finished_at").ValueKind == JsonValueKind.Number, TestContext.Current.CancellationToken);

    private async Task<string> LeaveAsync(string body)
    {
        using var response = await _api.OpenAsync(HttpMethod.Post, "/v1/chat/completions", ApiClient.Json(body));
        var stream = await response.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[16]);
        return response.Headers.GetValues("x-job-id").Single();
    }
}
