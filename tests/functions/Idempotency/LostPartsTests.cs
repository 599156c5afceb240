using StackExchange.Redis;

namespace Serverless.Functions.Tests.Idempotency;

/// <summary>Keys when Redis is wiped or dead, and when the queue is.</summary>
public sealed class LostPartsTests(LostPartsTests.Shape shape) : IClassFixture<LostPartsTests.Shape>
{
    private const string Path = "/v1/chat/completions";
    private readonly RunningServer _server = shape.Server;

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KeysOutliveRedisAndWhatWasNotAcceptedLeavesThemFree()
    {
        var (ended, running) = (Body("ended", 6), Body("running", 300));
        var first = await AskAsync("ended", ended);
        using var open = await _server.Api.OpenAsync(HttpMethod.Post, Path, ApiClient.Json(running), ("Idempotency-Key", "running"));

        await WipeAsync();
        var wiped = await AskAsync("ended", ended);
        var late = await AskAsync("running", running);
        Assert.Equal((200, first.JobId, first.Text, "true"), (wiped.Status, wiped.JobId, wiped.Text, wiped.Headers["idempotent-replayed"]));
        var whole = await Answer.ReadAsync(open);
        Assert.Equal((200, whole.JobId, whole.Content), (late.Status, late.JobId, late.Content));
        Assert.Equal(422, (await AskAsync("ended", running)).Status);

        await _server.Processes[0].KillAsync(Now);
        var dead = await AskAsync("ended", ended);
        Assert.Equal((200, first.JobId, first.Text), (dead.Status, dead.JobId, dead.Text));
        Assert.Equal(503, (await AskAsync("refused", Body("refused", 6))).Status);
        _server.Add("redis");
        await AcceptedAtLastAsync("refused");

        await _server.Processes[1].KillAsync(Now);
        Assert.Equal(503, (await AskAsync("unsent", Body("unsent", 6))).Status);
        _server.Add("queue");
        await AcceptedAtLastAsync("unsent");
    }

    // The part that was started again needs a moment; what it refuses until then leaves the key free as well.
    private async Task AcceptedAtLastAsync(string key)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Now);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var answer = await AskAsync(key, Body(key, 6));
        while (answer.Status != 200)
        {
            Assert.True(answer.Status == 503, $"{answer.Status}: {answer.Text}\n{_server.Log}");
            await pace.WaitForNextTickAsync(limit.Token);
            answer = await AskAsync(key, Body(key, 6));
        }

        Assert.False(answer.Headers.ContainsKey("idempotent-replayed"));
        var repeat = await AskAsync(key, Body(key, 6));
        Assert.Equal((answer.JobId, answer.Text, "true"), (repeat.JobId, repeat.Text, repeat.Headers["idempotent-replayed"]));
    }

    private async Task WipeAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(_server.ConnectionString("redis") + ",allowAdmin=true");
        await connection.GetDatabase().ExecuteAsync("FLUSHALL");
    }

    private Task<Answer> AskAsync(string key, string body) => _server.Api.ChatAsync(body, ("Idempotency-Key", key));

    private static string Body(string text, int tokens) =>
        $$"""{"model":"smollm2-135m-instruct","max_tokens":{{tokens}},"ignore_eos":true,"messages":[{"role":"user","content":"{{text}}"}]}""";

    /// <summary>Each part in a process of its own, with a queue that is given up soon.</summary>
    public sealed class Shape : ServerFixture
    {
        protected override string[] Parts => ["redis", "queue", "worker", "functions"];

        protected override Dictionary<string, string> Settings => new() { ["Queue__OperationTimeout"] = "00:00:02" };
    }
}
