using System.Text;
using Serverless.Functions.Errors;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Tests.Requests;

public sealed class RequestLineTests
{
    [Fact]
    public void ALineNamesItsEndpointAndItsBody()
    {
        var line = Read("""{"custom_id":"a","method":"POST","url":"/v1/completions","body":{"model":"m"}}""");

        Assert.Equal("a", line.CustomId);
        Assert.Same(GenerationKind.Completion, line.Kind);
        Assert.Equal("m", line.Body.GetProperty("model").GetString());
    }

    [Fact]
    public void ALineNeedsNoCustomIdAndNoMethod() =>
        Assert.Null(Read("""{"url":"/v1/chat/completions","body":{}}""").CustomId);

    [Theory]
    [InlineData("""{"body":{}}""", "url")]
    [InlineData("""{"url":7,"body":{}}""", "url")]
    [InlineData("""{"url":"/v1/models","body":{}}""", "url")]
    [InlineData("""{"url":"/v1/completions"}""", "body")]
    [InlineData("""{"url":"/v1/completions","body":"{}"}""", "body")]
    [InlineData("""{"url":"/v1/completions","method":"GET","body":{}}""", "method")]
    [InlineData("""{"url":"/v1/completions","method":1,"body":{}}""", "method")]
    [InlineData("""{"custom_id":"","url":"/v1/completions","body":{}}""", "custom_id")]
    [InlineData("""{"custom_id":1,"url":"/v1/completions","body":{}}""", "custom_id")]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    [InlineData("", null)]
    public void AMistakeIsNamed(string json, string? param) =>
        Assert.Equal(param, Assert.Throws<ApiException>(() => Read(json)).Error.Param);

    private static RequestLine Read(string json) => RequestLine.Read(Encoding.UTF8.GetBytes(json));
}
