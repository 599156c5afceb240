using Serverless.Core.Webhooks;

namespace Serverless.Core.Tests.Webhooks;

public sealed class WebhookUrlTests
{
    [Theory]
    [InlineData("https://example.com/hooks?x=1")]
    [InlineData("http://example.com:8080")]
    [InlineData("https://bücher.example/ü")]
    [InlineData("https://1.1.1.1/")]
    [InlineData("https://[2606:4700:4700::1111]/")]
    public void AnAddressOfTheInternetIsTaken(string text)
    {
        Assert.Null(WebhookUrl.Check(text, allowPrivate: false, out var url));
        Assert.StartsWith("http", url.AbsoluteUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "absolute http or https")]
    [InlineData("example.com", "absolute http or https")]
    [InlineData("/hooks", "absolute http or https")]
    [InlineData("//example.com/hooks", "absolute http or https")]
    [InlineData("ftp://example.com", "absolute http or https")]
    [InlineData("file:///etc/passwd", "absolute http or https")]
    [InlineData("gopher://127.0.0.1:6379/_x", "absolute http or https")]
    [InlineData("javascript:alert(1)", "absolute http or https")]
    [InlineData("http://", "absolute http or https")]
    [InlineData("http://a b/", "absolute http or https")]
    [InlineData("http://exa\0mple.com/", "absolute http or https")]
    [InlineData("http://[::1", "absolute http or https")]
    [InlineData("http://example.com:99999/", "absolute http or https")]
    [InlineData("http://example.com:0/", "port")]
    [InlineData("https://user:secret@example.com/", "user name")]
    [InlineData("https://user@example.com/", "user name")]
    [InlineData("http://127.0.0.1/", "public internet")]
    [InlineData("http://127.1/", "public internet")]
    [InlineData("http://2130706433/", "public internet")]
    [InlineData("http://0x7f000001/", "public internet")]
    [InlineData("http://0177.0.0.1/", "public internet")]
    [InlineData("http://localhost:7071/", "public internet")]
    [InlineData("http://LOCALHOST./", "public internet")]
    [InlineData("http://api.localhost/", "public internet")]
    [InlineData("http://[::1]/", "public internet")]
    [InlineData("http://[::ffff:127.0.0.1]/", "public internet")]
    [InlineData("http://[64:ff9b::7f00:1]/", "public internet")]
    [InlineData("http://[fe80::1%25eth0]/", "public internet")]
    [InlineData("http://10.1.2.3/", "public internet")]
    [InlineData("http://169.254.169.254/metadata/instance", "public internet")]
    [InlineData("http://168.63.129.16/", "public internet")]
    public void AnyOtherIsRefusedWithAReason(string text, string reason) =>
        Assert.Contains(reason, WebhookUrl.Check(text, allowPrivate: false, out _), StringComparison.Ordinal);

    [Fact]
    public void AnAddressOfMoreThan2048CharactersIsRefused()
    {
        var longest = "https://example.com/".PadRight(2048, 'a');

        Assert.Null(WebhookUrl.Check(longest, allowPrivate: false, out _));
        Assert.Contains("2048", WebhookUrl.Check(longest + "a", allowPrivate: false, out _), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9000/", true)]
    [InlineData("http://localhost:9000/", true)]
    [InlineData("http://192.168.0.5/", true)]
    [InlineData("http://169.254.169.254/", false)]
    [InlineData("http://[::ffff:127.0.0.1]/", false)]
    public void WherePrivateNetworksAreAllowedMetadataStillIsNot(string text, bool taken) =>
        Assert.Equal(taken, WebhookUrl.Check(text, allowPrivate: true, out _) is null);
}
