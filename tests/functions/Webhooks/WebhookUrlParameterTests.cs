using System.Text.Json;

namespace Serverless.Functions.Tests.Webhooks;

public sealed class WebhookUrlParameterTests(OneProcess fixture)
{
    [Theory]
    [InlineData("", "invalid_url")]
    [InlineData("hooks", "invalid_url")]
    [InlineData("ftp://example.com/", "invalid_url")]
    [InlineData("file:///etc/passwd", "invalid_url")]
    [InlineData("https://user:secret@example.com/", "invalid_url")]
    [InlineData("http://127.0.0.1:7071/v1/keys", "invalid_url")]
    [InlineData("http://localhost/", "invalid_url")]
    [InlineData("http://2130706433/", "invalid_url")]
    [InlineData("http://[::ffff:127.0.0.1]/", "invalid_url")]
    [InlineData("http://169.254.169.254/latest/meta-data", "invalid_url")]
    public async Task AnAddressThatCannotBeIsRefusedByName(string url, string code)
    {
        foreach (var path in new[] { "/v1/chat/completions", "/v1/completions" })
        {
            var prompt = path.Contains("chat", StringComparison.Ordinal) ? "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" : "\"prompt\":\"Hi\"";
            var answer = await fixture.Server.Api.PostAsync(path, $$"""{"model":"{{RunningServer.Model}}","max_tokens":1,{{prompt}},"webhook_url":{{JsonSerializer.Serialize(url)}}}""");
            Assert.Equal((400, code, "webhook_url"), (answer.Status, answer.ErrorCode, answer.ErrorParam));
        }
    }

    [Theory]
    [InlineData("7")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{\"url\":\"https://example.com\"}")]
    public async Task AnAddressThatIsNoTextIsRefusedByName(string json)
    {
        var answer = await AskAsync(json);
        Assert.Equal((400, "invalid_type", "webhook_url"), (answer.Status, answer.ErrorCode, answer.ErrorParam));
    }

    [Fact]
    public async Task AnOverLongAddressIsRefusedByName()
    {
        var answer = await AskAsync($"\"https://example.com/{new string('a', 2048)}\"");
        Assert.Equal((400, "invalid_url", "webhook_url"), (answer.Status, answer.ErrorCode, answer.ErrorParam));
    }

    [Fact]
    public async Task NullIsNoAddress() => Assert.Equal(200, (await AskAsync("null")).Status);

    private Task<Answer> AskAsync(string json) => fixture.Server.Api.ChatAsync(
        $$"""{"model":"{{RunningServer.Model}}","max_tokens":1,"messages":[{"role":"user","content":"Hi"}],"webhook_url":{{json}}}""");
}
