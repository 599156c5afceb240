using System.Text.Json;
using System.Text.RegularExpressions;

namespace Serverless.Functions.Tests.Hosting;

/// <summary>The published folder is what the Functions host takes, and opens no door that it should not.</summary>
public sealed partial class PackageTests(PublishedHandler package, OneProcess fixture) : IClassFixture<PublishedHandler>
{
    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public void TheHostStreamsAndTellsNoProfile()
    {
        var host = Read("host.json");
        Assert.Equal("2.0", host.GetProperty("version").GetString());
        var handler = host.GetProperty("customHandler");
        Assert.True(handler.GetProperty("enableProxyingHttpRequest").GetBoolean());
        Assert.True(handler.GetProperty("enableForwardingHttpRequest").GetBoolean());
        Assert.False(handler.TryGetProperty("http", out _));
        Assert.False(handler.TryGetProperty("port", out _));
        Assert.False(host.TryGetProperty("configurationProfile", out _));
        Assert.False(host.TryGetProperty("httpWorker", out _));
        Assert.Equal("handler", handler.GetProperty("description").GetProperty("defaultExecutablePath").GetString());
        Assert.InRange(TimeSpan.Parse(handler.GetProperty("initializationTimeout").GetString()!, null), TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void TheHostsPrefixIsEmptyAndItsBundleIsTheSupportedOne()
    {
        var host = Read("host.json");
        Assert.Equal("", host.GetProperty("extensions").GetProperty("http").GetProperty("routePrefix").GetString());
        Assert.Equal("Microsoft.Azure.Functions.ExtensionBundle", host.GetProperty("extensionBundle").GetProperty("id").GetString());
        Assert.Equal("[4.*, 5.0.0)", host.GetProperty("extensionBundle").GetProperty("version").GetString());
    }

    [Fact]
    public void AMessageIsLockedForAsLongAsAFunctionMayRunAndNoneWaitsUnlocked()
    {
        var host = Read("host.json");
        var queue = host.GetProperty("extensions").GetProperty("serviceBus");
        Assert.Equal(0, queue.GetProperty("prefetchCount").GetInt32());
        Assert.True(queue.GetProperty("autoCompleteMessages").GetBoolean());
        Assert.True(TimeSpan.Parse(queue.GetProperty("maxAutoLockRenewalDuration").GetString()!, null) >= TimeSpan.Parse(host.GetProperty("functionTimeout").GetString()!, null));
    }

    [Fact]
    public void ACallEndsBeforeTheHostWouldKillItsProcess() =>
        Assert.True(new ApiOptions().SynchronousLimit < TimeSpan.Parse(Read("host.json").GetProperty("functionTimeout").GetString()!, null));

    [Fact]
    public void ThePackageHasAnExecutableAndNoSecrets()
    {
        Assert.True(File.Exists(package.Executable));
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(package.Executable).HasFlag(UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute));
        }

        Assert.Empty(Directory.GetFiles(package.Folder, "local.settings.json", SearchOption.AllDirectories));
    }

    [Fact]
    public void EveryFunctionOfTheTreeIsInThePackage()
    {
        var inTree = Directory.GetFiles(Path.Combine(Repository.Root, "functions"), "function.json", SearchOption.AllDirectories);
        Assert.Equal(inTree.Select(NameOf).Order(StringComparer.Ordinal), Functions().Select(function => function.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryFunctionHasANameAndBindingsThatTheHostTakes() => Assert.All(Functions(), function =>
    {
        Assert.Matches("^[A-Za-z][A-Za-z0-9_-]{0,127}$", function.Name);
        Assert.False(function.Name.Equals("host", StringComparison.OrdinalIgnoreCase));
        Assert.False(function.Json.TryGetProperty("scriptFile", out _));
        Assert.All(function.Bindings, binding => Assert.Matches("^[A-Za-z][A-Za-z0-9]*$", binding.GetProperty("name").GetString()!));
        var trigger = Assert.Single(function.Bindings, binding => binding.GetProperty("type").GetString()!.EndsWith("Trigger", StringComparison.Ordinal));
        Assert.Equal("in", trigger.GetProperty("direction").GetString());
    });

    /// <summary>With any other binding the host falls back to a protocol that cannot stream.</summary>
    [Fact]
    public void EveryHttpFunctionHasOneInputAndOneOutput() => Assert.All(Http(), function =>
    {
        Assert.Equal(["httpTrigger", "http"], function.Bindings.Select(binding => binding.GetProperty("type").GetString()));
        Assert.Equal("out", function.Bindings[1].GetProperty("direction").GetString());
        Assert.Equal("anonymous", function.Bindings[0].GetProperty("authLevel").GetString());
    });

    [Fact]
    public void NoPublicRouteReachesAnInternalFunction()
    {
        var inner = Functions().Select(function => function.Name).Except(Http().Select(function => function.Name)).Append("ProcessJob").ToArray();
        Assert.All(Http(), function =>
        {
            var route = Route(function);
            Assert.DoesNotMatch(@"^\{\*", route);
            Assert.DoesNotMatch("^(admin|runtime)(/|$)", route);
            Assert.All(inner, name => Assert.DoesNotMatch(Pattern(route), name));
        });
    }

    [Fact]
    public async Task EveryRouteOfTheApiIsReachableThroughTheHost()
    {
        var document = (await _api.GetAsync("/openapi/v1.json")).Json;
        (string Method, string Path)[] routes = [.. document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => (Method: method.Name, Path: path.Name.Replace("{id}", "job_1", StringComparison.Ordinal)))),
            ("get", "/docs"), ("get", "/docs/"), ("get", "/openapi/v1.json")];
        (string Method, string Path)[] all = [.. routes, .. routes.Where(route => route.Method == "get").Select(route => ("head", route.Path))];

        Assert.All(all, route => Assert.Contains(Http(), function =>
            Regex.IsMatch(route.Path.TrimStart('/'), Pattern(Route(function)))
            && function.Bindings[0].GetProperty("methods").EnumerateArray().Any(method => method.GetString() == route.Method)));
    }

    private IReadOnlyList<Function> Functions() => [.. Directory.GetDirectories(package.Folder).Select(folder => Path.Combine(folder, "function.json")).Where(File.Exists)
        .Select(file => new Function(NameOf(file), JsonDocument.Parse(File.ReadAllText(file)).RootElement))];

    private Function[] Http() => [.. Functions().Where(function => function.Bindings.Any(binding => binding.GetProperty("type").GetString() == "httpTrigger"))];

    private JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(package.Folder, file))).RootElement;

    private static string NameOf(string file) => Path.GetFileName(Path.GetDirectoryName(file)!);

    private static string Route(Function function) => function.Bindings[0].GetProperty("route").GetString()!;

    // {*name} takes the rest, nothing included.
    private static string Pattern(string route) => $"(?i)^{CatchAll().Replace(Regex.Escape(route), "(?:/.*)?")}$";

    [GeneratedRegex(@"/\\\{\\\*\w+}")]
    private static partial Regex CatchAll();

    private sealed record Function(string Name, JsonElement Json)
    {
        public IReadOnlyList<JsonElement> Bindings => [.. Json.GetProperty("bindings").EnumerateArray()];
    }
}
