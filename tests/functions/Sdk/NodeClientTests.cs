using System.Text.Json;

namespace Serverless.Functions.Tests.Sdk;

/// <summary>OpenAI's npm package, unchanged, against the real system.</summary>
public sealed class NodeClientTests(NodeRun run) : IClassFixture<NodeRun>
{
    [Fact]
    public void AChatHasTheShapeOfOpenAi()
    {
        var chat = run["plain"];
        Assert.StartsWith("chatcmpl-", chat.GetProperty("id").GetString());
        Assert.Equal("chat.completion", chat.GetProperty("object").GetString());
        Assert.Equal("assistant", chat.GetProperty("choices")[0].GetProperty("message").GetProperty("role").GetString());
        var usage = chat.GetProperty("usage");
        Assert.Equal(
            usage.GetProperty("total_tokens").GetInt32(),
            usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
        Assert.InRange(usage.GetProperty("completion_tokens").GetInt32(), 1, 12);
    }

    [Fact]
    public void AStreamSaysWhatThePlainAnswerSays()
    {
        var chunks = run["stream"].EnumerateArray().ToArray();
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.Equal("assistant", Delta(chunks[0]).GetProperty("role").GetString());
        Assert.Equal(run["plain"].GetProperty("choices")[0].GetProperty("finish_reason").GetString(), chunks[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(Content(run["plain"], 0), Text(chunks, 0));
        Assert.Equal(Content(run["plain"], 0), run["helper"].GetString());
    }

    [Fact]
    public void UsageComesInALastChunkWithoutChoices()
    {
        var last = run["usage"].EnumerateArray().Last();
        Assert.Empty(last.GetProperty("choices").EnumerateArray());
        Assert.Equal(
            run["plain"].GetProperty("usage").GetProperty("completion_tokens").GetInt32(),
            last.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.All(run["stream"].EnumerateArray(), chunk => Assert.NotEmpty(chunk.GetProperty("choices").EnumerateArray()));
    }

    [Fact]
    public void TwoChoicesComePlainAndStreamedAlike()
    {
        Assert.Equal([0, 1], run["n"].GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        var chunks = run["streamedN"].EnumerateArray().ToArray();
        Assert.All([0, 1], index => Assert.Equal(Content(run["n"], index), Text(chunks, index)));
    }

    [Fact]
    public void LogprobsTellEachTokenAndItsAlternatives()
    {
        var choice = run["logprobs"].GetProperty("choices")[0];
        var tokens = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToArray();
        Assert.Equal(run["logprobs"].GetProperty("usage").GetProperty("completion_tokens").GetInt32(), tokens.Length);
        Assert.All(tokens, token =>
        {
            var top = token.GetProperty("top_logprobs").EnumerateArray().Select(one => one.GetProperty("logprob").GetDouble()).ToArray();
            Assert.Equal(3, top.Length);
            Assert.Equal(top.OrderDescending(), top);
            Assert.True(token.GetProperty("logprob").GetDouble() <= 0);
            Assert.NotEmpty(token.GetProperty("bytes").EnumerateArray());
        });
        Assert.Equal(Content(run["logprobs"], 0), string.Concat(tokens.Select(token => token.GetProperty("token").GetString())));
    }

    [Fact]
    public void AStopSequenceIsNeverPartOfTheAnswer()
    {
        Assert.Equal("stop", run["stop"].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.DoesNotContain(" ", Content(run["stop"], 0));
    }

    [Fact]
    public void TheSameSeedGivesTheSameAnswer() =>
        Assert.Equal(Content(run["seeds"][0], 0), Content(run["seeds"][1], 0));

    [Fact]
    public void TextCompletionsComePlainStreamedAndForManyPrompts()
    {
        var plain = run["completion"];
        Assert.Equal("text_completion", plain.GetProperty("object").GetString());
        Assert.Equal(
            plain.GetProperty("choices")[0].GetProperty("text").GetString(),
            string.Concat(run["streamedCompletion"].EnumerateArray().Select(chunk => chunk.GetProperty("choices")[0].GetProperty("text").GetString())));
        var list = run["completionList"].GetProperty("choices").EnumerateArray().ToArray();
        Assert.Equal([0, 1, 2, 3], list.Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.All(list, choice => Assert.Equal(3, choice.GetProperty("logprobs").GetProperty("tokens").GetArrayLength()));
        Assert.Equal(3, run["completionTokens"].GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public void ModelsAreListedAndRetrieved()
    {
        Assert.Contains(RunningServer.Model, run["models"].EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("model", run["retrieved"].GetProperty("object").GetString());
    }

    [Theory]
    [InlineData("notFound", "NotFoundError", 404, "model_not_found", "model")]
    [InlineData("noModel", "NotFoundError", 404, "model_not_found", "model")]
    [InlineData("unauthorised", "AuthenticationError", 401, "invalid_api_key", null)]
    [InlineData("badRequest", "BadRequestError", 400, "invalid_value", "temperature")]
    [InlineData("badStream", "BadRequestError", 400, "context_length_exceeded", "messages")]
    public void AMistakeIsTheErrorClassThatTheClientHasForIt(string name, string type, int status, string code, string? param)
    {
        var error = run[name];
        Assert.Equal(
            (type, status, code, param),
            (error.GetProperty("type").GetString()!, error.GetProperty("status").GetInt32(), error.GetProperty("code").GetString()!, error.GetProperty("param").GetString()));
        Assert.StartsWith("req_", error.GetProperty("requestId").GetString());
    }

    [Fact]
    public async Task AnAbortedStreamCancelsItsJob()
    {
        var id = "job_" + run["aborted"].GetString()!["chatcmpl-".Length..];
        var job = await run.Api.UntilAsync($"/v1/jobs/{id}", answer => answer.Json.GetProperty("finished_at").ValueKind == JsonValueKind.Number, TestContext.Current.CancellationToken);
        Assert.Equal("cancelled", job.Json.GetProperty("status").GetString());
    }

    private static string? Content(JsonElement chat, int choice) =>
        chat.GetProperty("choices")[choice].GetProperty("message").GetProperty("content").GetString();

    private static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");

    private static string Text(JsonElement[] chunks, int choice) => string.Concat(chunks
        .Where(chunk => chunk.GetProperty("choices")[0].GetProperty("index").GetInt32() == choice)
        .Select(chunk => Delta(chunk).TryGetProperty("content", out var text) ? text.GetString() : ""));
}
