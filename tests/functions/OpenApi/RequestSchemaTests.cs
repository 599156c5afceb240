using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.OpenApi;
using Serverless.Core.Deployments;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Tests.OpenApi;

/// <summary>The description of a request's body and its validation are one rule.</summary>
public sealed class RequestSchemaTests
{
    private const string ChatPath = "/v1/chat/completions";
    private const string CompletionPath = "/v1/completions";
    private static readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static readonly Dictionary<string, (GenerationKind Kind, string Body)> _routes = new()
    {
        [ChatPath] = (GenerationKind.Chat, """{"model":"m","logprobs":true,"messages":[{"role":"user","content":"Hi"}]}"""),
        [CompletionPath] = (GenerationKind.Completion, """{"model":"m","prompt":"Hi"}"""),
    };

    public static TheoryData<string, string> Ranges => [.. _routes.SelectMany(route => route.Value.Kind.Known.Where(one => one is NumberParameter or IntegerParameter).Select(one => (route.Key, one.Name)))];

    public static TheoryData<string, string, string> Examples => new()
    {
        { ChatPath, "stop", "\"a\"" }, { ChatPath, "stop", """["a","b","c","d"]""" }, { ChatPath, "stop", """["a","b","c","d","e"]""" }, { ChatPath, "stop", "\"\"" }, { ChatPath, "stop", "[\"\"]" }, { ChatPath, "stop", "5" },
        { ChatPath, "stop", $"\"{new string('a', 1024)}\"" }, { ChatPath, "stop", $"\"{new string('a', 1025)}\"" },
        { ChatPath, "logit_bias", """{"1":100,"2":-100}""" }, { ChatPath, "logit_bias", """{"1":100.5}""" }, { ChatPath, "logit_bias", """{"1":"x"}""" }, { ChatPath, "logit_bias", "[]" },
        { ChatPath, "seed", "-9223372036854775808" }, { ChatPath, "seed", "9223372036854775807" }, { ChatPath, "seed", "9223372036854775808" }, { ChatPath, "seed", "1.5" }, { ChatPath, "seed", "\"1\"" },
        { ChatPath, "deadline", "1900000000" }, { ChatPath, "deadline", "253402300799" }, { ChatPath, "deadline", "253402300800" }, { ChatPath, "deadline", "-1" }, { ChatPath, "deadline", "true" }, { ChatPath, "deadline", "\"2030-01-01T00:00:00Z\"" },
        { ChatPath, "stream", "true" }, { ChatPath, "stream", "1" }, { ChatPath, "ignore_eos", "\"no\"" }, { ChatPath, "ignore_eos", "false" },
        { ChatPath, "service_tier", "\"auto\"" }, { ChatPath, "service_tier", "\"gold\"" }, { ChatPath, "service_tier", "1" },
        { ChatPath, "response_format", """{"type":"text"}""" }, { ChatPath, "response_format", """{"type":"json_object"}""" }, { ChatPath, "response_format", "{}" }, { ChatPath, "response_format", "\"text\"" },
        { ChatPath, "modalities", """["text"]""" }, { ChatPath, "modalities", """["audio"]""" }, { ChatPath, "modalities", "\"text\"" },
        { ChatPath, "tool_choice", "\"auto\"" }, { ChatPath, "tool_choice", "\"required\"" }, { ChatPath, "tool_choice", "7" },
        { ChatPath, "tools", """[{"type":"function","function":{"name":"f"}}]""" }, { ChatPath, "tools", "[]" }, { ChatPath, "tools", "[{}]" }, { ChatPath, "tools", """[{"function":{"name":1}}]""" }, { ChatPath, "tools", "{}" },
        { ChatPath, "chat_template_kwargs", "{\"a\":1}" }, { ChatPath, "chat_template_kwargs", "[]" },
        { ChatPath, "logprobs", "true" }, { ChatPath, "logprobs", "1" },
        { ChatPath, "model", "7" }, { ChatPath, "model", "null" },
        { ChatPath, "user", "\"me\"" }, { ChatPath, "metadata", """{"a":{"b":[1]}}""" },
        { ChatPath, "webhook_url", "\"https://example.com/hook\"" }, { ChatPath, "webhook_url", $"\"https://example.com/{new string('a', 2028)}\"" }, { ChatPath, "webhook_url", $"\"https://example.com/{new string('a', 2029)}\"" },
        { ChatPath, "webhook_url", "7" }, { ChatPath, "webhook_url", "[]" }, { ChatPath, "webhook_url", "null" },
        { ChatPath, "messages", "[]" }, { ChatPath, "messages", "null" }, { ChatPath, "messages", "\"Hi\"" }, { ChatPath, "messages", "[1]" }, { ChatPath, "messages", """[{"content":"Hi"}]""" },
        { ChatPath, "messages", """[{"role":"user"}]""" }, { ChatPath, "messages", """[{"role":"king","content":"Hi"}]""" }, { ChatPath, "messages", """[{"role":"user","content":7}]""" },
        { ChatPath, "messages", """[{"role":"user","content":[{"type":"text","text":"Hi"}]}]""" }, { ChatPath, "messages", """[{"role":"user","content":[{"type":"image_url","text":"Hi"}]}]""" },
        { ChatPath, "messages", """[{"role":"assistant","content":null,"tool_calls":[]}]""" }, { ChatPath, "messages", """[{"role":"tool","content":"4","tool_call_id":"c"}]""" },
        { CompletionPath, "prompt", "\"\"" }, { CompletionPath, "prompt", "[1,2]" }, { CompletionPath, "prompt", """["a",[1]]""" }, { CompletionPath, "prompt", "[]" }, { CompletionPath, "prompt", "7" }, { CompletionPath, "prompt", "null" },
        { CompletionPath, "prompt", "[true]" }, { CompletionPath, "prompt", "[1,\"a\"]" }, { CompletionPath, "prompt", "[1.5]" }, { CompletionPath, "prompt", $"[{string.Join(',', Enumerable.Repeat("\"a\"", 32))}]" }, { CompletionPath, "prompt", $"[{string.Join(',', Enumerable.Repeat("\"a\"", 33))}]" },
        { CompletionPath, "echo", "false" }, { CompletionPath, "echo", "1" },
    };

    [Theory]
    [InlineData(ChatPath, "audio,functions,function_call,prediction,web_search_options,reasoning_effort,verbosity")]
    [InlineData(CompletionPath, "suffix")]
    public void WhatIsReadIsDescribedAndWhatIsDescribedIsRead(string path, string refused)
    {
        var (kind, body) = _routes[path];
        Parameters? parameters = null;
        Read(body, kind with { ReadPrompt = (given, request) => kind.ReadPrompt(parameters = given, request) });

        // Those that are refused by name are asked for, and not described.
        string[] described = [.. kind.Known.Select(one => one.Name), .. refused.Split(',')];
        Assert.Equal(described.Order(StringComparer.Ordinal), parameters!.Asked.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void ANumbersDescribedRangeIsTheOneThatIsTaken(string path, string name)
    {
        var schema = SchemaOf(path).GetProperty("properties").GetProperty(name);
        var isWhole = schema.GetProperty("type").EnumerateArray().Any(type => type.GetString() == "integer");
        var most = schema.GetProperty("maximum").GetDecimal();
        var isExclusive = schema.TryGetProperty("exclusiveMinimum", out var least) || !schema.TryGetProperty("minimum", out least);
        var step = isWhole ? 1 : 0.001m;

        AssertAgrees(path, name, Text(least.GetDecimal()), isExclusive ? false : null);
        AssertAgrees(path, name, Text(least.GetDecimal() - step), false);
        AssertAgrees(path, name, Text(least.GetDecimal() + step), null);
        // The context is the deployment's, and ends max_tokens long before the description does; see the test of its own.
        AssertAgrees(path, name, Text(name.Contains("max_", StringComparison.Ordinal) ? 2048 : most), null);
        AssertAgrees(path, name, Text(most + step), false);
        AssertAgrees(path, name, "null", true);
        AssertAgrees(path, name, "\"1\"", false);
    }

    [Theory]
    [MemberData(nameof(Examples), DisableDiscoveryEnumeration = true)]
    public void WhatTheDescriptionAllowsIsTakenAndWhatItForbidsIsRefused(string path, string name, string json) => AssertAgrees(path, name, json, null);

    [Theory]
    [InlineData("temperature")]
    [InlineData("top_p")]
    [InlineData("top_k")]
    [InlineData("min_p")]
    [InlineData("n")]
    [InlineData("presence_penalty")]
    [InlineData("frequency_penalty")]
    [InlineData("repetition_penalty")]
    public void ADescribedDefaultIsWhatCountsWithoutTheParameter(string name)
    {
        var usual = SchemaOf(ChatPath).GetProperty("properties").GetProperty(name).GetProperty("default").GetRawText();
        var without = Read(Body(ChatPath, name, null), GenerationKind.Chat).Request;
        var with = Read(Body(ChatPath, name, usual), GenerationKind.Chat).Request;

        Assert.Equal(JsonSerializer.Serialize(without), JsonSerializer.Serialize(with));
    }

    /// <summary>Checks one value with the schema and with the reader: both take it, or both refuse it and the reader names it.</summary>
    /// <param name="path">The route.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="json">Its value.</param>
    /// <param name="expected">What both must say, where the test knows it.</param>
    private static void AssertAgrees(string path, string name, string json, bool? expected)
    {
        var body = Body(path, name, json);
        var schema = SchemaOf(path);
        var problems = new JsonSchema(schema).Problems(schema, JsonDocument.Parse(body).RootElement);
        var refusal = Refusal(path, body);

        Assert.True((problems.Count == 0) == refusal is null, $"{name}={json}: the schema says [{string.Join("; ", problems)}], the reader [{refusal?.Error.Message}].");
        Assert.True(expected is not { } taken || taken == (problems.Count == 0), $"{name}={json} is {(problems.Count == 0 ? "taken" : "refused")}.");
        Assert.True(refusal is null || refusal.Error.Param!.StartsWith(name, StringComparison.Ordinal), $"{name}={json} is refused in the name of {refusal?.Error.Param}.");
    }

    private static ApiException? Refusal(string path, string body)
    {
        try
        {
            Read(body, _routes[path].Kind);
            return null;
        }
        catch (ApiException refused)
        {
            // Whether it equals n is no property of the value alone.
            return refused.Error.Message.Contains("'best_of' must equal", StringComparison.Ordinal) ? null : refused;
        }
    }

    private static GenerationCall Read(string body, GenerationKind kind) =>
        new CallReader(new Catalog(), Options.Create(new WebhookOptions()), _clock).ReadAsync(JsonDocument.Parse(body).RootElement, kind, null, CancellationToken.None).GetAwaiter().GetResult();

    private static string Body(string path, string name, string? json)
    {
        var valid = JsonDocument.Parse(_routes[path].Body).RootElement.EnumerateObject().Where(property => property.Name != name).Select(property => $"\"{property.Name}\":{property.Value.GetRawText()}");
        return $"{{{string.Join(',', json is null ? valid : valid.Append($"\"{name}\":{json}"))}}}";
    }

    private static JsonElement SchemaOf(string path)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Schemas.Body([.. _routes[path].Kind.Known]).SerializeAsV31(new OpenApiJsonWriter(text));
        return JsonDocument.Parse(text.ToString()).RootElement;
    }

    private static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Catalog : IDeploymentCatalog
    {
        private readonly Deployment _deployment = new() { Name = "m", ModelDigest = new string('0', 64), ContextLength = 2048, VocabularySize = 49152, CreatedAt = _clock.GetUtcNow() };

        public ValueTask<Deployment?> FindAsync(string name, CancellationToken cancellationToken) => new(name == "m" ? _deployment : null);

        public ValueTask<IReadOnlyList<Deployment>> ListAsync(CancellationToken cancellationToken) => new([_deployment]);

        public Task PublishAsync(Deployment deployment, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
