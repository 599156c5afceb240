using System.Text.Json;
using System.Text.RegularExpressions;

namespace Serverless.Functions.Tests.BadInput;

public sealed partial class RoutesTests(OneProcess fixture)
{
    private static readonly string[] Routes =
    [
        "delete /v1/keys/{id}", "delete /v1/webhooks/{id}", "get /healthz", "get /v1/jobs/{id}", "get /v1/jobs/{id}/events", "get /v1/keys", "get /v1/models", "get /v1/models/{id}",
        "get /v1/webhooks", "get /v1/webhooks/{id}", "get /v1/webhooks/{id}/deliveries", "get /v1/webhooks/{id}/deliveries/{delivery}",
        "post /v1/chat/completions", "post /v1/completions", "post /v1/jobs/{id}/cancel", "post /v1/keys",
        "post /v1/webhooks", "post /v1/webhooks/{id}", "post /v1/webhooks/{id}/deliveries/replay_failed", "post /v1/webhooks/{id}/deliveries/{delivery}/replay",
        "post /v1/webhooks/{id}/rotate", "post /v1/webhooks/{id}/test",
    ];

    private readonly BadInputServer _server = new(fixture);

    [Theory]
    [InlineData("/v1/nothing")]
    [InlineData("/v1")]
    [InlineData("/v1/chat/completions/more")]
    [InlineData("/v2/models")]
    [InlineData("/favicon.ico")]
    public async Task AnUnknownPathIsNotFound(string path) =>
        await _server.RefusesAsync(await _server.Api.GetAsync(path), "unknown_url", null, 404);

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("..%2F..%2Fkeys")]
    [InlineData("%00")]
    [InlineData("%ff")]
    public async Task AnUnknownModelIsNotFound(string id)
    {
        var answer = await _server.Api.GetAsync($"/v1/models/{id}");
        // Kestrel itself refuses a path with NUL in it, before there is a request.
        Assert.True(answer.Status == 404 || (id == "%00" && answer.Status == 400), $"{answer.Status}: {answer.Text}");
        if (answer.Status == 404)
        {
            await _server.RefusesAsync(answer, "model_not_found", "model", 404);
        }
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions")]
    [InlineData("PUT", "/v1/completions")]
    [InlineData("POST", "/v1/models")]
    [InlineData("DELETE", "/v1/jobs/x")]
    [InlineData("PATCH", "/v1/keys")]
    [InlineData("POST", "/healthz")]
    public async Task AWrongMethodIsRefused(string method, string path)
    {
        var answer = await _server.Api.SendAsync(new HttpMethod(method), path, null);
        await _server.RefusesAsync(answer, "method_not_allowed", null, 405);
        Assert.NotEmpty(answer.Headers["Allow"]);
    }

    [Fact]
    public async Task TheDocsAreAPageWithItsOwnScript()
    {
        var page = await _server.Api.GetAsync("/docs");
        if (page.Status is 301 or 302)
        {
            page = await _server.Api.GetAsync(page.Headers["Location"]);
        }

        Assert.Equal(200, page.Status);
        Assert.StartsWith("text/html", page.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Contains("openapi/v1.json", page.Text, StringComparison.Ordinal);
        Assert.All(Script().Matches(page.Text), match => Assert.DoesNotContain("://", match.Groups["source"].Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheOpenApiDocumentListsEveryRoute()
    {
        var document = await _server.Api.GetAsync("/openapi/v1.json");
        Assert.Equal(200, document.Status);
        var listed = document.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.Object).Select(method => $"{method.Name} {path.Name}"))
            .Where(route => !route.StartsWith("head ", StringComparison.Ordinal));
        Assert.Equal(Routes, listed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("""<script[^>]*\ssrc="(?<source>[^"]*)""")]
    private static partial Regex Script();
}
