using System.Text.Json;
using Serverless.Core.Prompts;
using Serverless.Core.Requests;

namespace Serverless.Core.Tests.Prompts;

public sealed class PromptKeyTests
{
    private static readonly GenerationRequest _greedy = new() { Messages = [Message("""{"role":"user","content":"hi"}""")], Temperature = 0 };

    public static TheoryData<string> Changes => [.. _changes.Keys];

    private static readonly Dictionary<string, Func<GenerationRequest, GenerationRequest>> _changes = new()
    {
        ["message"] = request => request with { Messages = [Message("""{"role":"user","content":"ho"}""")] },
        ["role"] = request => request with { Messages = [Message("""{"role":"system","content":"hi"}""", "system")] },
        ["max_tokens"] = request => request with { MaxTokens = 5 },
        ["n"] = request => request with { ChoicesPerPrompt = 2 },
        ["top_p"] = request => request with { TopP = 0.5f },
        ["top_k"] = request => request with { TopK = 5 },
        ["min_p"] = request => request with { MinP = 0.1f },
        ["presence_penalty"] = request => request with { PresencePenalty = 1 },
        ["frequency_penalty"] = request => request with { FrequencyPenalty = 1 },
        ["repetition_penalty"] = request => request with { RepetitionPenalty = 1.1f },
        ["logit_bias"] = request => request with { LogitBias = new Dictionary<int, float> { [3] = 1 } },
        ["stop"] = request => request with { Stop = ["x"] },
        ["ignore_eos"] = request => request with { IgnoreEos = true },
        ["top_logprobs"] = request => request with { TopLogprobs = 0 },
        ["tools"] = request => request with { Tools = JsonDocument.Parse("[{}]").RootElement },
        ["template variables"] = request => request with { TemplateVariables = JsonDocument.Parse("""{"a":1}""").RootElement },
    };

    [Theory, MemberData(nameof(Changes))]
    public void WhatShapesTheAnswerShapesTheKey(string change) => Assert.NotEqual(Key(_greedy), Key(_changes[change](_greedy)));

    [Fact]
    public void TenantDeploymentAndModelArePartOfTheKey()
    {
        string?[] keys = [Key(_greedy), Key(_greedy, tenant: "other"), Key(_greedy, deployment: "other"), Key(_greedy, digest: "other")];

        Assert.Equal(4, keys.Distinct().Count());
    }

    [Fact]
    public void TheOrderOfAMessagesPropertiesIsNothing() => Assert.Equal(
        Key(_greedy),
        Key(_greedy with { Messages = [Message("""{ "content": "hi", "name": null, "role": "user" }""")] }));

    [Fact]
    public void AnAnswerThatChanceDecidesHasNoKeyUnlessASeedIsGiven()
    {
        var sampled = _greedy with { Temperature = 1 };

        Assert.Null(Key(sampled));
        Assert.NotNull(Key(sampled, seed: 1));
        Assert.NotEqual(Key(sampled, seed: 1), Key(sampled, seed: 2));
    }

    [Fact]
    public void WithoutChanceTheSeedIsNothing() => Assert.Equal(Key(_greedy), Key(_greedy, seed: 7));

    private static string? Key(GenerationRequest request, string tenant = "t", string deployment = "d", string digest = "m", ulong? seed = null) =>
        PromptKey.For(tenant, deployment, digest, request, seed);

    private static ChatMessage Message(string json, string role = "user") => new(role, JsonDocument.Parse(json).RootElement);
}
