using System.Globalization;
using System.Text.Json;
using Microsoft.OpenApi;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Tests.OpenApi;
using Serverless.Functions.Webhooks;

namespace Serverless.Functions.Tests.Webhooks;

/// <summary>The description of an endpoint's parameters and their validation are one rule.</summary>
public sealed class WebhookSchemaTests
{
    private static readonly WebhookOptions _options = new();

    [Fact]
    public void WhatIsReadIsDescribedAndWhatIsDescribedIsRead()
    {
        var (made, rotated) = (Given("""{"url":"https://example.com/"}"""), Given("{}"));
        New(made);
        WebhookReader.Overlap(rotated);

        Assert.Equal(WebhookReader.OfNew.Select(one => one.Name).Order(StringComparer.Ordinal), made.Asked.Order(StringComparer.Ordinal));
        Assert.Equal(WebhookReader.OfChange.Select(one => one.Name), WebhookReader.OfNew.Select(one => one.Name));
        Assert.Equal(WebhookReader.OfRotation.Select(one => one.Name), rotated.Asked);
    }

    [Theory]
    [InlineData("url", "\"https://example.com/\"", true)]
    [InlineData("url", "null", false)]
    [InlineData("url", "7", false)]
    [InlineData("events", """["job.failed"]""", true)]
    [InlineData("events", """["job.failed","job.expired"]""", true)]
    [InlineData("events", "null", true)]
    [InlineData("events", "[]", false)]
    [InlineData("events", """["job.running"]""", false)]
    [InlineData("events", """["webhook.test"]""", false)]
    [InlineData("events", "[7]", false)]
    [InlineData("events", "\"job.failed\"", false)]
    [InlineData("payload", "\"thin\"", true)]
    [InlineData("payload", "\"full\"", true)]
    [InlineData("payload", "\"Full\"", false)]
    [InlineData("payload", "true", false)]
    [InlineData("description", "\"\"", true)]
    [InlineData("description", "7", false)]
    [InlineData("enabled", "false", true)]
    [InlineData("enabled", "\"no\"", false)]
    public void WhatTheDescriptionAllowsIsTakenAndWhatItForbidsIsRefused(string name, string json, bool isTaken)
    {
        var body = name == "url" ? $$"""{"url":{{json}}}""" : $$"""{"url":"https://example.com/","{{name}}":{{json}}}""";
        AssertAgrees(body, WebhookReader.OfNew, given => New(given), isTaken, name);
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(501, false)]
    public void ADescriptionsDescribedLengthIsTheOneThatIsTaken(int length, bool isTaken) =>
        AssertAgrees($$"""{"url":"https://example.com/","description":"{{new string('a', length)}}"}""", WebhookReader.OfNew, given => New(given), isTaken, "description");

    [Theory]
    [InlineData("0", true)]
    [InlineData("604800", true)]
    [InlineData("604801", false)]
    [InlineData("-1", false)]
    [InlineData("1.5", false)]
    [InlineData("\"60\"", false)]
    public void AnOverlapsDescribedRangeIsTheOneThatIsTaken(string json, bool isTaken) =>
        AssertAgrees($$"""{"overlap_seconds":{{json}}}""", WebhookReader.OfRotation, given => WebhookReader.Overlap(given), isTaken, "overlap_seconds");

    private static void AssertAgrees(string body, IReadOnlyList<Parameter> known, Action<Parameters> read, bool isTaken, string name)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Schemas.Body(known).SerializeAsV31(new OpenApiJsonWriter(text));
        var schema = JsonDocument.Parse(text.ToString()).RootElement;
        var problems = new JsonSchema(schema).Problems(schema, JsonDocument.Parse(body).RootElement);
        var refusal = Record.Exception(() => read(Given(body)));

        Assert.Equal((isTaken, isTaken), (problems.Count == 0, refusal is null));
        Assert.Equal(isTaken ? null : name, (refusal as ApiException)?.Error.Param);
    }

    private static Parameters Given(string body) => new(JsonDocument.Parse(body).RootElement);

    private static void New(Parameters parameters) => WebhookReader.New(parameters, "acme", _options, DateTimeOffset.UnixEpoch);
}
