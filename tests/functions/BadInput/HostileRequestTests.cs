namespace Serverless.Functions.Tests.BadInput;

/// <summary>Requests that no HTTP client would send: each is refused with the API's error body, and the next caller is served.</summary>
public sealed class HostileRequestTests(OneProcess fixture)
{
    private const string Close = "Connection: close\r\n";

    private readonly BadInputServer _server = new(fixture);

    private static string Key => $"Authorization: Bearer {RunningServer.AdministratorKey}\r\n";

    public static TheoryData<string, int> Paths => new()
    {
        { "/%00", 400 },
        { "/v1/models/%00", 400 },
        { "/v1/models/a%00b", 400 },
        { "/v1/models/a%2Fb", 404 },
        { "/v1/models/..%2f..%2fkeys", 404 },
        { "/v1/models/..%5c..%5ckeys", 404 },
        { "/v1/models/%c0%af", 404 },
        { "/v1/models/%c0%ae%c0%ae/keys", 404 },
        { "/v1/models/%e0%80%af", 404 },
        { "/v1/models/%ff%fe", 404 },
        { "/v1/models/%ed%a0%80", 404 },
        { "/v1/models/%", 404 },
        { "/v1/models/%zz", 404 },
        { "/v1/models/%u0041", 404 },
        { "/v1/models/%0d%0aX-Evil:%201", 404 },
        { "/v1/models/%7f", 404 },
        { "/v1/models/\u0001", 404 },
        { "/v1/models/\u00e9", 400 },
        { "/v1/models/\u0000", 400 },
        { "/v1/models/<script>", 404 },
        { "/v1/jobs/%00/events", 400 },
        { "/v1/jobs/..%2f..%2fhealthz", 404 },
        { "/../../../../etc/passwd", 404 },
        { "/v1/../../etc/passwd", 404 },
        { "//v1/models", 404 },
        { "/v1//models", 404 },
        { "/v1/nothing?%00=%00&a=%zz", 404 },
        { $"/v1/models/{new string('a', 8_000)}", 404 },
        { $"/v1/models/{new string('a', 9_000)}", 414 },
        { $"/v1/models/{string.Concat(Enumerable.Repeat("%41", 2_600))}", 404 },
        { $"/v1/{string.Concat(Enumerable.Repeat("a/", 4_000))}", 404 },
        { "http://somewhere.else/v1/models", 400 },
        { "v1/models", 400 },
        { "*", 405 },
        { "", 400 },
    };

    public static TheoryData<string, int> Heads => new()
    {
        { "GET /v1/models HTTP/1.1\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a b\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: exam<ple>\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a:notaport\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a\r\nNo colon here\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a\r\n: no name\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a\r\nX: \0\r\n", 400 },
        { "GET /v1/models HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n", 400 },
        { $"GET /v1/models HTTP/1.1\r\nHost: a\r\nX: {new string('x', 40_000)}\r\n", 431 },
        { $"GET /v1/models HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Range(0, 150).Select(i => $"X{i}: x\r\n"))}", 431 },
        { "GET  /v1/models  HTTP/1.1\r\nHost: a\r\n", 400 },
        { "G\0T /v1/models HTTP/1.1\r\nHost: a\r\n", 400 },
        { "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n", 405 },
        { "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n", 400 },
        { "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n", 400 },
        { "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n", 400 },
        { "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400 },
        { "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n", 400 },
    };

    public static TheoryData<string, int> Bodies => new()
    {
        { "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", 400 },
        { "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400 },
        { "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400 },
        { "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", 400 },
        { "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "Content-Length: 999999999\r\n\r\n{}", 413 },
        { "Content-Length: 0\r\n\r\n", 400 },
    };

    [Theory]
    [MemberData(nameof(Paths), DisableDiscoveryEnumeration = true)]
    public async Task AHostilePathIsRefused(string path, int status) =>
        await RefusesAsync($"GET {path} HTTP/1.1\r\nHost: {fixture.Server.Address.Authority}\r\n{Key}{Close}\r\n", status);

    [Theory]
    [MemberData(nameof(Heads), DisableDiscoveryEnumeration = true)]
    public async Task AMalformedHeadIsRefused(string head, int status) => await RefusesAsync($"{head}{Key}{Close}\r\n", status);

    [Theory]
    [MemberData(nameof(Bodies), DisableDiscoveryEnumeration = true)]
    public async Task AMalformedBodyIsRefused(string rest, int status) =>
        await RefusesAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n{Key}{Close}Content-Type: application/json\r\n{rest}", status);

    /// <summary>However a path under /v1 is spelt, it needs a key.</summary>
    [Theory]
    [InlineData("/healthz/../v1/models")]
    [InlineData("/docs/%2e%2e/v1/models")]
    [InlineData("/./v1/./models")]
    [InlineData("/V1/Models")]
    [InlineData("/%76%31/models")]
    [InlineData("/v1/x/../models")]
    [InlineData("/v1/models/")]
    [InlineData("/v1/models?")]
    [InlineData("//v1/models")]
    [InlineData("/v1%2fmodels")]
    [InlineData("/\\v1\\models")]
    [InlineData("/v1;x=1/models")]
    [InlineData("/docs/..%2fv1/models")]
    public async Task NoSpellingOfAPathGetsPastTheKey(string path)
    {
        var answer = await SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n{Close}\r\n");
        Assert.Contains(answer.Status, (int[])[400, 401, 404]);
        BadInputServer.CheckError(answer);
    }

    [Fact]
    public async Task LineBreaksInAPathNeverReachTheHeaders()
    {
        var answer = await SendAsync($"POST /v1/chat/completions?%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\nOrigin: x%0d%0aX-Evil: 1\r\n{Key}{Close}\r\n");
        Assert.False(answer.Headers.ContainsKey("X-Evil"));
    }

    private async Task RefusesAsync(string request, int status)
    {
        var answer = await SendAsync(request);
        Assert.True(status == answer.Status, $"{answer.Status} rather than {status}: {answer.Text}");
        BadInputServer.CheckError(answer);
        Assert.StartsWith("req_", answer.Headers["x-request-id"], StringComparison.Ordinal);
        Assert.True(int.TryParse(answer.Headers["openai-processing-ms"], out _));
        Assert.Equal(200, (await _server.Api.GetAsync("/v1/models")).Status);
    }

    private Task<Answer> SendAsync(string request) => RawConnection.SendAsync(fixture.Server.Address, request, TestContext.Current.CancellationToken);
}
