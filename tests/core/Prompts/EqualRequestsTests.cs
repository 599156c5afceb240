using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Core.Prompts;
using Serverless.Core.Requests;

namespace Serverless.Core.Tests.Prompts;

/// <summary>What means the same has one key, and what shapes the answer never shares one.</summary>
public sealed class EqualRequestsTests
{
    private static readonly GenerationRequest _greedy = new() { Messages = [Message("""{"role":"user","content":"hi"}""")], Temperature = 0 };

    [Theory]
    [InlineData("""{"role":"user","content":"hi","name":"a"}""", """{"name":"a","content":"hi","role":"user"}""")]
    [InlineData("""{"role":"user","content":"hi"}""", """ { "role" : "user" , "content" : "hi" } """)]
    [InlineData("""{"role":"user","content":"é"}""", """{"role":"user","content":"\u00e9"}""")]
    [InlineData("""{"role":"user","content":"😀"}""", """{"role":"user","content":"\ud83d\ude00"}""")]
    [InlineData("""{"role":"user","content":"a/b\"c"}""", """{"role":"user","content":"a\/b\u0022c"}""")]
    [InlineData("""{"role":"user","content":"<&+'>"}""", """{"role":"user","content":"\u003c\u0026\u002b\u0027\u003e"}""")]
    [InlineData("""{"role":"user","content":"hi"}""", """{"role":"user","c\u006fntent":"hi"}""")]
    [InlineData("""{"role":"user","content":"hi"}""", """{"role":"user","content":"hi","name":null}""")]
    [InlineData("""{"role":"user","content":"hi","x":{"b":[{"d":1,"c":2}],"a":1}}""", """{"role":"user","x":{"a":1,"b":[{"c":2,"d":1}]},"content":"hi"}""")]
    [InlineData("""{"role":"user","content":"hi"}""", """{"role":"user","content":"ho","content":"hi"}""")]
    public void MessagesThatMeanTheSameHaveOneKey(string one, string other) => Assert.Equal(Key(Chat(one)), Key(Chat(other)));

    [Theory]
    [InlineData("""{"role":"user","content":"hi"}""", """{"role":"user","content":"hi "}""")]
    [InlineData("""{"role":"user","content":"hi"}""", """{"role":"user","content":"HI"}""")]
    [InlineData("""{"role":"user","content":"\u00e9"}""", """{"role":"user","content":"e\u0301"}""")]
    [InlineData("""{"role":"user","content":"1"}""", """{"role":"user","content":"01"}""")]
    [InlineData("""{"role":"user","content":"a","x":[1,2]}""", """{"role":"user","content":"a","x":[2,1]}""")]
    [InlineData("""{"role":"user","content":"a","x":"1"}""", """{"role":"user","content":"a","x":1}""")]
    [InlineData("""{"role":"user","content":"a","x":true}""", """{"role":"user","content":"a","x":false}""")]
    [InlineData("""{"role":"user","content":"a","x":{}}""", """{"role":"user","content":"a","x":[]}""")]
    [InlineData("""{"role":"user","content":"a\u0000b"}""", """{"role":"user","content":"ab"}""")]
    [InlineData("""{"role":"user","content":"a\",\"x\":\"b"}""", """{"role":"user","content":"a","x":"b"}""")]
    [InlineData("""{"role":"assistant","content":"","tool_calls":[{"function":{"arguments":{"a":1,"b":2}}}]}""", """{"role":"assistant","content":"","tool_calls":[{"function":{"arguments":{"b":2,"a":1}}}]}""")]
    public void MessagesThatDifferHaveTwo(string one, string other) => Assert.NotEqual(Key(Chat(one)), Key(Chat(other)));

    [Fact]
    public void MessagesInAnotherOrderOrJoinedAreOthers()
    {
        var (a, b) = (Message("""{"role":"user","content":"a"}"""), Message("""{"role":"user","content":"b"}"""));
        string?[] keys = [Key(_greedy with { Messages = [a, b] }), Key(_greedy with { Messages = [b, a] }), Key(_greedy with { Messages = [a] }), Key(Chat("""{"role":"user","content":"ab"}"""))];
        Assert.Equal(4, keys.Distinct().Count());
    }

    [Fact]
    public void PromptsAreKeptApart()
    {
        GenerationRequest Of(params TextPrompt[] prompts) => new() { Prompts = prompts, Temperature = 0 };
        string?[] keys =
        [
            Key(Of(new TextPrompt("ab", null))), Key(Of(new TextPrompt("a", null), new TextPrompt("b", null))), Key(Of(new TextPrompt("b", null), new TextPrompt("a", null))),
            Key(Of(new TextPrompt("", null))), Key(Of(new TextPrompt(null, []))), Key(Of(new TextPrompt(null, [1, 2]))), Key(Of(new TextPrompt(null, [12]))),
            Key(Of(new TextPrompt(null, [1]), new TextPrompt(null, [2]))), Key(Of(new TextPrompt("[1,2]", null))),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void WhatAParametersDefaultIsCountsAsAbsent()
    {
        var spelt = _greedy with { TopP = 1, TopK = 0, MinP = -0f, PresencePenalty = -0f, FrequencyPenalty = 0, RepetitionPenalty = 1, LogitBias = new Dictionary<int, float> { [7] = 0 }, Temperature = -0f, ChoicesPerPrompt = 1, Stop = [] };
        Assert.Equal(Key(_greedy), Key(spelt));
    }

    [Fact]
    public void TheOrderOfBiasesIsNothingAndThatOfStopsIsKept()
    {
        Assert.Equal(
            Key(_greedy with { LogitBias = new Dictionary<int, float> { [1] = 2, [3] = 4 } }),
            Key(_greedy with { LogitBias = new Dictionary<int, float> { [3] = 4, [1] = 2 } }));
        Assert.NotEqual(
            Key(_greedy with { LogitBias = new Dictionary<int, float> { [1] = 2, [3] = 4 } }),
            Key(_greedy with { LogitBias = new Dictionary<int, float> { [1] = 4, [3] = 2 } }));
        Assert.NotEqual(Key(_greedy with { Stop = ["ab"] }), Key(_greedy with { Stop = ["a", "b"] }));
    }

    /// <summary>A property that is added to the request and forgotten in the key would give one caller's answer to another question.</summary>
    [Fact]
    public void EveryPropertyOfARequestChangesTheKey()
    {
        foreach (var property in typeof(GenerationRequest).GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.CanWrite))
        {
            var changed = _greedy with { };
            property.SetValue(changed, Another(property, property.GetValue(changed)));
            Assert.True(Key(_greedy, 5) != Key(changed, 5), $"{property.Name} is no part of the key.");
        }
    }

    /// <summary>Neither the value nor its neighbour in the hashed form may stand for the other.</summary>
    [Fact]
    public void TheSmallestStepOfANumberChangesTheKey()
    {
        Assert.NotEqual(Key(_greedy with { TopP = 0.5f }), Key(_greedy with { TopP = float.BitIncrement(0.5f) }));
        Assert.NotEqual(Key(_greedy with { Temperature = 1 }, 1), Key(_greedy with { Temperature = float.BitIncrement(1) }, 1));
        Assert.NotEqual(Key(_greedy with { TopK = 1 }), Key(_greedy with { ChoicesPerPrompt = 2 }));
        Assert.NotEqual(Key(_greedy with { PresencePenalty = 1 }), Key(_greedy with { FrequencyPenalty = 1 }));
        Assert.NotEqual(Key(_greedy with { Temperature = 1 }, 1), Key(_greedy with { Temperature = 1 }, ulong.MaxValue));
    }

    [Fact]
    public void TheTenantIsAlwaysPartAndCannotBeFeigned()
    {
        string?[] keys = [Of("a", "b", "c"), Of("b", "a", "c"), Of("a\",\"b", "", "c"), Of("a", "b\",\"c", ""), Of("A", "b", "c"), Of("", "ab", "c"), Of("ab", "", "c")];
        Assert.Equal(keys.Length, keys.Distinct().Count());

        static string? Of(string tenant, string deployment, string digest) => PromptKey.For(tenant, deployment, digest, _greedy, null);
    }

    [Fact]
    public void AnyShuffleOfAMessagesPropertiesHasItsKey()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var message = (JsonObject)Any(random, depth: 0);
            message["role"] = "user";
            Assert.Equal(Key(Chat(message.ToJsonString())), Key(Chat(Shuffle(random, message)!.ToJsonString())));
        }
    }

    [Fact]
    public void TextThatIsHalfACharacterHasNoKey() =>
        Assert.Null(Key(_greedy with { Stop = ["\ud800"] }));

    private static object Another(PropertyInfo property, object? value) => property.Name switch
    {
        nameof(GenerationRequest.Messages) => new[] { Message("""{"role":"user","content":"other"}""") },
        nameof(GenerationRequest.Prompts) => new[] { new TextPrompt("other", null) },
        nameof(GenerationRequest.LogitBias) => new Dictionary<int, float> { [1] = 1 },
        nameof(GenerationRequest.Stop) => new[] { "other" },
        _ => (value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) switch
        {
            (float number, _) => number + 0.5f,
            (int number, _) => number + 1,
            (bool flag, _) => !flag,
            (null, { } type) when type == typeof(int) => 1,
            (null, { } type) when type == typeof(JsonElement) => JsonDocument.Parse("""[{"a":1}]""").RootElement,
            _ => throw new NotSupportedException($"Give the new property {property.Name} another value here."),
        },
    };

    private static JsonNode Any(Random random, int depth)
    {
        if (depth > 0 && random.Next(3) == 0)
        {
            return random.Next(3) switch { 0 => JsonValue.Create(random.Next()), 1 => JsonValue.Create($"t{random.Next()}é😀\""), _ => JsonValue.Create(random.Next(2) == 0) };
        }

        if (depth > 0 && random.Next(2) == 0)
        {
            return new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => depth < 4 ? Any(random, depth + 1) : null)]);
        }

        return new JsonObject(Enumerable.Range(0, random.Next(1, 6)).Select(i => KeyValuePair.Create($"p{random.Next(10)}-{i}", depth < 4 ? Any(random, depth + 1) : null)));
    }

    private static JsonNode? Shuffle(Random random, JsonNode? node) => node switch
    {
        JsonObject inner => new JsonObject(inner.OrderBy(_ => random.Next()).Select(property => KeyValuePair.Create(property.Key, Shuffle(random, property.Value)))),
        JsonArray items => new JsonArray([.. items.Select(item => Shuffle(random, item))]),
        _ => node?.DeepClone(),
    };

    private static string? Key(GenerationRequest request, ulong? seed = null) => PromptKey.For("t", "d", "m", request, seed);

    private static GenerationRequest Chat(string json) => _greedy with { Messages = [Message(json)] };

    private static ChatMessage Message(string json) => new("user", JsonDocument.Parse(json).RootElement);
}
