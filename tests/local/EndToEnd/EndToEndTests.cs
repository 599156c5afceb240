using Serverless.Local.Tests.EndToEnd.Running;

namespace Serverless.Local.Tests.EndToEnd;

public sealed class OneProcessTests(OneProcess fixture) : EndToEndTests(fixture.Server), IClassFixture<OneProcess>;

public sealed class FourProcessesTests(FourProcesses fixture) : EndToEndTests(fixture.Server), IClassFixture<FourProcesses>;

/// <summary>What must hold in whatever shape the system runs.</summary>
public abstract class EndToEndTests(RunningServer server)
{
    [Fact]
    public async Task AStreamAndAPlainAnswerAndACacheHitSayTheSame()
    {
        const string Body = """{"model":"smollm2-135m-instruct","temperature":0,"max_tokens":24,"messages":[{"role":"user","content":"Name three colours."}]""";

        var plain = await server.Api.ChatAsync(Body + "}");
        var hit = await server.Api.ChatAsync(Body + "}");
        var streamedHit = await server.Api.ChatAsync(Body + ""","stream":true}""");
        var streamed = await server.Api.ChatAsync(Body + ""","stream":true}""", ("Cache-Control", "no-store"));

        Assert.Equal(["miss", "hit", "hit", "bypass"], new[] { plain, hit, streamedHit, streamed }.Select(answer => answer.Headers["x-cache"]));
        Assert.NotEmpty(plain.Content);
        Assert.Equal(plain.Content, hit.Content);
        Assert.Equal(plain.Content, streamedHit.Streamed());
        Assert.Equal(plain.Content, streamed.Streamed());
    }

    [Fact]
    public async Task ABackgroundJobEndsAndItsEventsTellItsResult()
    {
        var accepted = await server.Api.ChatAsync(
            """{"model":"smollm2-135m-instruct","seed":5,"max_tokens":24,"messages":[{"role":"user","content":"Tell a tale."}]}""", ("Prefer", "respond-async"));
        Assert.Equal(202, accepted.Status);

        var events = await server.Api.GetAsync(accepted.Headers["Location"] + "/events");
        var job = await server.Api.GetAsync(accepted.Headers["Location"]);

        Assert.Equal("succeeded", job.Json.GetProperty("status").GetString());
        Assert.Equal(
            job.Json.GetProperty("result").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            string.Concat(events.Events.Select(one => one.Data.GetProperty("text").GetString())));
    }

    [Fact]
    public async Task AJobOfTheQueueIsCancelledFromTheApi()
    {
        var accepted = await server.Api.ChatAsync(
            """{"model":"smollm2-135m-instruct","max_tokens":1500,"ignore_eos":true,"messages":[{"role":"user","content":"Count for ever."}]}""", ("Prefer", "respond-async"));

        var cancelled = await server.Api.PostAsync($"/v1/jobs/{accepted.JobId}/cancel", "");
        Assert.Equal(200, cancelled.Status);

        var job = await server.Api.UntilAsync($"/v1/jobs/{accepted.JobId}", answer => answer.Json.GetProperty("finished_at").ValueKind == System.Text.Json.JsonValueKind.Number, TestContext.Current.CancellationToken);
        Assert.Equal("cancelled", job.Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task APromptThatOnlyTheWorkerCanMeasureIsRefusedWithBothNumbers()
    {
        var words = string.Concat(Enumerable.Repeat("many words ", 8000));
        var answer = await server.Api.ChatAsync($$"""{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"{{words}}"}]}""");

        Assert.Equal((400, "context_length_exceeded"), (answer.Status, answer.ErrorCode));
        Assert.Matches(@"maximum context length is \d+ tokens.* resulted in \d+ tokens", answer.Error.GetProperty("message").GetString());
    }
}
