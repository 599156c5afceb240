using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Serverless.Functions.Tests.Hosting;

/// <summary>The published executable under the Functions host's environment, asked as the host asks.</summary>
public sealed class CustomHandlerTests(PublishedHandler package, OneProcess fixture) : IClassFixture<PublishedHandler>
{
    private const string PublicHost = "inference.example.com";

    /// <summary>What the host adds to a request that it passes on unchanged.</summary>
    private static readonly (string, string)[] Proxied =
    [
        ("X-Forwarded-Host", PublicHost), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "10.0.0.7"),
        ("X-Azure-Functions-InvocationId", "1b2c"), ("X-Azure-Functions-HostVersion", "4.1045.200"), ("x-ms-invocation-id", "1b2c"),
    ];

    /// <summary>What it adds to a request that it makes anew, an older way; the caller's own Host stays.</summary>
    private static readonly (string, string)[] Forwarded =
    [
        ("Host", PublicHost), ("X-Azure-Functions-InvocationId", "1b2c"), ("X-Azure-Functions-HostVersion", "4.1037.0"), ("User-Agent", "curl/8.0 Azure-Functions-Host/4.1037.0"),
    ];

    public static TheoryData<bool> Ways => [false, true];

    [Fact]
    public async Task ItListensOnTheGivenPortOfLoopbackOnlyWhateverElseTheEnvironmentSays()
    {
        int[] tempting = [.. Enumerable.Range(0, 5).Select(_ => PublishedHandler.FreePort())];
        var hostile = new Dictionary<string, string>(PublishedHandler.PartsOf(fixture.Server))
        {
            ["ASPNETCORE_URLS"] = $"http://+:{tempting[0]}",
            ["DOTNET_URLS"] = $"http://+:{tempting[0]}",
            ["URLS"] = $"http://+:{tempting[1]}",
            ["HTTP_PORTS"] = $"{tempting[2]}",
            ["ASPNETCORE_HTTP_PORTS"] = $"{tempting[3]}",
            ["ASPNETCORE_PREFERHOSTINGURLS"] = "true",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
            ["Kestrel__Endpoints__Open__Url"] = $"http://0.0.0.0:{tempting[4]}",
        };
        var port = PublishedHandler.FreePort();
        await using var process = package.Start(port, hostile);
        await PublishedHandler.ProbeAsync(process, port, TestContext.Current.CancellationToken);

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
        Assert.Equal([IPAddress.Loopback], listeners.Where(listener => listener.Port == port).Select(listener => listener.Address));
        Assert.DoesNotContain(listeners, listener => tempting.Contains(listener.Port));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task HealthAndModelsAnswerThroughTheHost(bool isForwarded)
    {
        await using var handler = await StartAsync();
        var added = isForwarded ? Forwarded : Proxied;

        var health = await handler.Api.GetAsync("/healthz", added);
        Assert.Equal((200, "ok\n"), (health.Status, health.Text));
        var models = await handler.Api.GetAsync("/v1/models", added);
        Assert.Equal(200, models.Status);
        Assert.Equal(RunningServer.Model, models.Json.GetProperty("data")[0].GetProperty("id").GetString());
        using var nobody = new ApiClient(handler.Address, null);
        Assert.Equal((401, "invalid_api_key"), await RefusalAsync(nobody.GetAsync("/v1/models", added)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AChatGoesThroughTheHostWholeAndStreamed(bool isForwarded)
    {
        await using var handler = await StartAsync();
        var added = isForwarded ? Forwarded : Proxied;
        const string Body = """{"stream":false,"model":"smollm2-135m-instruct","max_tokens":4,"temperature":0,"messages":[{"role":"user","content":"Through the host"}]}""";

        var whole = await handler.Api.ChatAsync(Body, added);
        var streamed = await handler.Api.ChatAsync(Body.Replace("false", "true", StringComparison.Ordinal), added);

        Assert.Equal((200, 200), (whole.Status, streamed.Status));
        Assert.Equal(whole.Content, streamed.Streamed());
    }

    [Theory]
    [InlineData("/docs")]
    [InlineData("/v1/chat/completions")]
    public async Task NoAnswerNamesTheInnerAddress(string path)
    {
        await using var handler = await StartAsync();
        var answer = path == "/docs" ? await handler.Api.GetAsync(path, Proxied)
            : await handler.Api.ChatAsync("""{"model":"smollm2-135m-instruct","max_tokens":1,"messages":[{"role":"user","content":"Where"}]}""", [.. Proxied, ("Prefer", "respond-async")]);

        Assert.All(answer.Headers, header => Assert.DoesNotContain("127.0.0.1", header.Value, StringComparison.Ordinal));
        Assert.DoesNotContain($":{handler.Address.Port}", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>A function's name is the path of the host's own calls; from outside it leads nowhere.</summary>
    [Fact]
    public async Task TheFunctionsOwnPathsAreClosedToTheOutside()
    {
        await using var handler = await StartAsync();
        foreach (var name in Directory.GetDirectories(package.Folder).Where(folder => File.Exists(Path.Combine(folder, "function.json"))).Select(Path.GetFileName))
        {
            var answer = await handler.Api.PostAsync($"/{name}", """{"Data":{"message":"\"{}\""},"Metadata":{}}""", Proxied);
            Assert.Contains(answer.Status, (int[])[403, 404, 405]);
            Assert.NotEmpty(answer.Error.GetProperty("message").GetString()!);
        }
    }

    [Fact]
    public async Task ItsLogGoesToStandardOutputAndNothingElseIsWritten()
    {
        await using var handler = await StartAsync();
        await handler.Api.GetAsync("/v1/nothing");
        Assert.DoesNotContain(handler.Process.Errors, line => line.Length > 0);
    }

    /// <summary>Its key and its models are in the store, which answers while Redis does not.</summary>
    [Fact]
    public async Task WithoutRedisCallersAreKnownAndAGenerationIsRefusedForNow()
    {
        var settings = PublishedHandler.PartsOf(fixture.Server);
        settings["HotState__ConnectionString"] = $"127.0.0.1:{PublishedHandler.FreePort()}";
        settings["HotState__ConnectTimeout"] = settings["HotState__Timeout"] = "00:00:00.500";
        await using var handler = await StartAsync(settings);

        Assert.Equal(200, (await handler.Api.GetAsync("/v1/models")).Status);
        var refused = await handler.Api.ChatAsync("""{"model":"smollm2-135m-instruct","temperature":0,"max_tokens":1,"messages":[{"role":"user","content":"Without Redis"}]}""");
        Assert.Equal((503, "service_unavailable"), (refused.Status, refused.ErrorCode));
        Assert.NotEmpty(refused.Headers["Retry-After"]);
        Assert.NotEmpty(refused.Headers["x-request-id"]);
        Assert.NotEmpty(refused.Headers["openai-processing-ms"]);
        Assert.Equal(200, (await handler.Api.GetAsync("/v1/models")).Status);
    }

    [Fact]
    public async Task APortThatIsTakenEndsTheProcessWithAFailure()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var process = package.Start(((IPEndPoint)taken.LocalEndpoint).Port, PublishedHandler.PartsOf(fixture.Server));
        Assert.NotEqual(0, await process.ExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    private static async Task<(int, string?)> RefusalAsync(Task<Answer> asked) => await asked is var answer ? (answer.Status, answer.ErrorCode) : default;

    private async Task<Handler> StartAsync(Dictionary<string, string>? settings = null)
    {
        var port = PublishedHandler.FreePort();
        var process = package.Start(port, settings ?? PublishedHandler.PartsOf(fixture.Server));
        await PublishedHandler.ProbeAsync(process, port, TestContext.Current.CancellationToken);
        return new Handler(process, new Uri($"http://127.0.0.1:{port}"));
    }

    private sealed class Handler(ServerProcess process, Uri address) : IAsyncDisposable
    {
        public ServerProcess Process => process;

        public Uri Address => address;

        public ApiClient Api { get; } = new(address, RunningServer.AdministratorKey);

        public async ValueTask DisposeAsync()
        {
            Api.Dispose();
            await process.DisposeAsync();
        }
    }
}
