namespace Serverless.Functions.Tests.Jobs;

/// <summary>A server that soon tires of waiting and takes small bodies only.</summary>
public sealed class Impatient : ServerFixture
{
    protected override Dictionary<string, string> Settings => new() { ["Api__SynchronousLimit"] = "00:00:00.300", ["Api__MaxBodyBytes"] = "2048" };
}

public sealed class SynchronousLimitTests(Impatient fixture) : IClassFixture<Impatient>
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task ACallThatTakesTooLongBecomesAJobThatGoesOn()
    {
        var answer = await _api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":400,"ignore_eos":true,"messages":[{"role":"user","content":"Count."}]}""");

        Assert.Equal(202, answer.Status);
        Assert.Equal($"/v1/jobs/{answer.JobId}", answer.Headers["Location"]);
        var job = await _api.UntilAsync(answer.Headers["Location"], job => job.Json.GetProperty("status").GetString() is not ("queued" or "running"), TestContext.Current.CancellationToken);
        Assert.Equal("succeeded", job.Json.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ABodyOverTheLimitIsRefused(bool chunked)
    {
        using var body = ApiClient.Json($$"""{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"{{new string('a', 3000)}}"}]}""");
        if (chunked)
        {
            body.Headers.ContentLength = null;
        }

        using HttpContent sent = chunked ? new Chunked(body) : body;
        var answer = await _api.SendAsync(HttpMethod.Post, "/v1/chat/completions", sent);
        Assert.Equal((413, "request_too_large"), (answer.Status, answer.ErrorCode));
        Assert.Equal(200, (await _api.GetAsync("/v1/models")).Status);
    }

    private sealed class Chunked : HttpContent
    {
        private readonly HttpContent _inner;

        public Chunked(HttpContent inner)
        {
            _inner = inner;
            Headers.ContentType = inner.Headers.ContentType;
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => _inner.CopyToAsync(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
