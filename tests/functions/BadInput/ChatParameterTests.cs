namespace Serverless.Functions.Tests.BadInput;

public sealed class ChatParameterTests(OneProcess fixture)
{
    private readonly BadInputServer _server = new(fixture);

    public static TheoryData<string, string> WrongTypes => Rows(
        ("model", ["7", "[]", "{}", "true"]),
        ("messages", ["\"Hello\"", "{}", "1"]),
        ("max_tokens", ["\"5\"", "1.5", "[]", "true"]),
        ("max_completion_tokens", ["\"5\"", "1.5", "{}"]),
        ("n", ["\"1\"", "1.5", "[]"]),
        ("temperature", ["\"hot\"", "true", "[1]", "\"NaN\""]),
        ("top_p", ["\"1\"", "{}"]),
        ("top_k", ["\"1\"", "1.5"]),
        ("min_p", ["\"0\"", "false"]),
        ("presence_penalty", ["\"1\"", "[]"]),
        ("frequency_penalty", ["\"1\"", "{}"]),
        ("repetition_penalty", ["\"1\"", "true"]),
        ("seed", ["\"x\"", "1.5", "1e400", "9223372036854775808", "[]"]),
        ("stop", ["5", "{}", "true", """["a",1]""", "[null]", """[["a"]]"""]),
        ("logit_bias", ["[]", "\"x\"", "1"]),
        ("logprobs", ["1", "\"true\""]),
        ("top_logprobs", ["\"1\"", "1.5", "true"]),
        ("stream", ["1", "\"yes\"", "[]"]),
        ("ignore_eos", ["1", "\"no\""]),
        ("tools", ["{}", "\"f\"", "1"]),
        ("response_format", ["\"json\"", "[]"]),
        ("chat_template_kwargs", ["[]", "\"x\""]),
        ("deadline", ["true", "\"yesterday\"", "-1", "1e400", "[]"]),
        ("service_tier", ["1", "{}"]));

    public static TheoryData<string, string> OutOfRange => Rows(
        ("max_tokens", ["0", "-1", "100000", "2147483648", "1e400"]),
        ("n", ["0", "-1", "9", "1e400"]),
        ("temperature", ["-0.1", "2.1", "1e400", "-1e400"]),
        ("top_p", ["0", "-1", "1.1", "1e400", "1e-300"]),
        ("top_k", ["-1", "1e10"]),
        ("min_p", ["-0.1", "1.1"]),
        ("presence_penalty", ["-2.1", "2.1"]),
        ("frequency_penalty", ["-2.1", "2.1"]),
        ("repetition_penalty", ["0", "-1", "0.009", "2.1", "1e-300"]),
        ("top_logprobs", ["-1", "21"]),
        ("stop", ["\"\"", """["a",""]""", $"\"{new string('a', 1025)}\""]),
        ("logit_bias", ["""{"x":1}""", """{"-1":1}""", """{"49152":1}""", """{"99999999999":1}""", """{"":1}""", """{"1":101}""", """{"1":-101}""", """{"1":"x"}""", """{"1":null}""", """{"1":1e400}"""]),
        ("deadline", ["1", "\"2001-01-01T00:00:00Z\""]),
        ("modalities", ["\"text\"", """["text","audio"]""", "[1]"]),
        ("tools", ["[1]", "[{}]", """[{"function":1}]""", """[{"function":{"name":1}}]"""]),
        ("service_tier", ["\"gold\""]));

    [Theory]
    [MemberData(nameof(WrongTypes))]
    public Task AWrongTypeIsRefusedByName(string parameter, string json) =>
        _server.RefusesChatAsync(BadInputServer.Chat((parameter, json)), "invalid_type", parameter);

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public Task AValueOutOfRangeIsRefusedByName(string parameter, string json) =>
        _server.RefusesChatAsync(BadInputServer.Chat((parameter, json)), "invalid_value", parameter);

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("100000")]
    public Task MaxCompletionTokensOutOfRangeIsRefusedByName(string json) =>
        _server.RefusesChatAsync(BadInputServer.Chat(("max_tokens", null), ("max_completion_tokens", json)), "invalid_value", "max_completion_tokens");

    [Fact]
    public Task FiveStopsAreOneTooMany() =>
        _server.RefusesChatAsync(BadInputServer.Chat(("stop", """["a","b","c","d","e"]""")), "array_above_max_length", "stop");

    [Theory]
    [InlineData("top_logprobs", "1")]
    [InlineData("max_completion_tokens", "2")]
    [InlineData("stream_options", """{"include_usage":true}""")]
    public async Task ParametersThatContradictEachOtherAreRefused(string parameter, string json)
    {
        var param = parameter == "max_completion_tokens" ? "max_tokens" : parameter;
        await _server.RefusesChatAsync(BadInputServer.Chat((parameter, json)), "invalid_value", param);
    }

    [Fact]
    public Task StreamOptionsOfAWrongTypeAreRefused() =>
        _server.RefusesChatAsync(BadInputServer.Chat(("stream", "true"), ("stream_options", "1")), "invalid_type", "stream_options");

    [Fact]
    public Task IncludeUsageOfAWrongTypeIsRefused() =>
        _server.RefusesChatAsync(BadInputServer.Chat(("stream", "true"), ("stream_options", """{"include_usage":1}""")), "invalid_type", "stream_options.include_usage");

    [Theory]
    [InlineData("audio", "{}")]
    [InlineData("functions", "[]")]
    [InlineData("function_call", "\"auto\"")]
    [InlineData("prediction", "{}")]
    [InlineData("web_search_options", "{}")]
    [InlineData("response_format", """{"type":"json_object"}""")]
    [InlineData("tool_choice", "\"required\"")]
    [InlineData("tool_choice", "7")]
    public Task WhatThisServerDoesNotDoIsRefusedRatherThanIgnored(string parameter, string json) =>
        _server.RefusesChatAsync(BadInputServer.Chat((parameter, json)), "unsupported_parameter", parameter);

    [Fact]
    public Task AFormatOfAWrongTypeIsRefused() =>
        _server.RefusesChatAsync(BadInputServer.Chat(("response_format", """{"type":1}""")), "invalid_type", "response_format.type");

    [Theory]
    [InlineData("\"gpt-4o\"")]
    [InlineData("\"\"")]
    [InlineData("\"SmolLM2-135M-Instruct\\u0000\"")]
    [InlineData("\"../../../etc/passwd\"")]
    [InlineData("\"smollm2-135m-instruct/..\"")]
    [InlineData("\"*\"")]
    [InlineData("\"a\\r\\nb\"")]
    public Task AModelThatIsNotThereIsNotFound(string json) =>
        _server.RefusesChatAsync(BadInputServer.Chat(("model", json)), "model_not_found", "model", 404);

    [Theory]
    [InlineData(null)]
    [InlineData("null")]
    public Task AMissingModelIsRefused(string? json) =>
        _server.RefusesChatAsync(BadInputServer.Chat(("model", json)), "missing_required_parameter", "model");

    [Theory]
    [InlineData("temperature", "1e-40")]
    [InlineData("temperature", "1e-300")]
    [InlineData("temperature", "2")]
    [InlineData("top_p", "1e-30")]
    [InlineData("min_p", "1")]
    [InlineData("top_k", "2147483647")]
    [InlineData("repetition_penalty", "0.01")]
    [InlineData("presence_penalty", "-2")]
    [InlineData("seed", "-9223372036854775808")]
    [InlineData("logit_bias", """{"0":100,"49151":-100,"1":1e-300}""")]
    [InlineData("n", "8.0")]
    public async Task TheExtremesOfARangeAreServed(string parameter, string json)
    {
        var answer = await _server.Api.ChatAsync(BadInputServer.Chat((parameter, json), ("logprobs", "true"), ("top_logprobs", "20")));
        Assert.True(answer.Status == 200, answer.Text);
    }

    private static TheoryData<string, string> Rows(params (string Parameter, string[] Values)[] table) =>
        [.. table.SelectMany(row => row.Values.Select(value => (row.Parameter, value)))];
}
