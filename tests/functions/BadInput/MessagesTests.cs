namespace Serverless.Functions.Tests.BadInput;

public sealed class MessagesTests(OneProcess fixture)
{
    private readonly BadInputServer _server = new(fixture);

    [Theory]
    [InlineData(null, "missing_required_parameter", "messages")]
    [InlineData("null", "missing_required_parameter", "messages")]
    [InlineData("[]", "invalid_value", "messages")]
    [InlineData("[1]", "invalid_type", "messages[0]")]
    [InlineData("[null]", "invalid_type", "messages[0]")]
    [InlineData("[{}]", "missing_required_parameter", "messages[0].role")]
    [InlineData("""[{"role":"user","content":"Hello"},{"content":"Hello"}]""", "missing_required_parameter", "messages[1].role")]
    [InlineData("""[{"role":1,"content":"Hello"}]""", "invalid_type", "messages[0].role")]
    [InlineData("""[{"role":"robot","content":"Hello"}]""", "invalid_value", "messages[0].role")]
    [InlineData("""[{"role":"","content":"Hello"}]""", "invalid_value", "messages[0].role")]
    [InlineData("""[{"role":"user"}]""", "missing_required_parameter", "messages[0].content")]
    [InlineData("""[{"role":"user","content":null}]""", "missing_required_parameter", "messages[0].content")]
    [InlineData("""[{"role":"user","content":7}]""", "invalid_type", "messages[0].content")]
    [InlineData("""[{"role":"user","content":{}}]""", "invalid_type", "messages[0].content")]
    [InlineData("""[{"role":"user","content":[1]}]""", "invalid_type", "messages[0].content[0]")]
    [InlineData("""[{"role":"user","content":[{}]}]""", "invalid_type", "messages[0].content[0]")]
    [InlineData("""[{"role":"user","content":[{"type":"text"}]}]""", "invalid_type", "messages[0].content[0].text")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":1}]}]""", "invalid_type", "messages[0].content[0].text")]
    [InlineData("""[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]""", "unsupported_content", "messages[0].content[0].type")]
    [InlineData("""[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"input_audio","input_audio":{}}]}]""", "unsupported_content", "messages[0].content[1].type")]
    public Task MessagesThatAreNoneAreRefused(string? json, string code, string param) =>
        _server.RefusesChatAsync(BadInputServer.Chat(("messages", json)), code, param);

    [Theory]
    [InlineData("messages", """[{"role":"assistant","content":null,"tool_calls":5}]""")]
    [InlineData("messages", """[{"role":"assistant","content":null,"tool_calls":[{"function":null}]}]""")]
    [InlineData("messages", """[{"role":"assistant","tool_calls":null}]""")]
    [InlineData("messages", """[{"role":"tool","content":"4","tool_call_id":{}}]""")]
    [InlineData("messages", """[{"role":"system","content":"a"},{"role":"system","content":"b"}]""")]
    [InlineData("messages", """[{"role":"user","content":"Hello","name":[[]]}]""")]
    [InlineData("tools", """[{"type":"function","function":{"name":"f","parameters":[1,null,{"a":1e400}]}}]""")]
    [InlineData("chat_template_kwargs", """{"messages":5,"add_generation_prompt":"x","loop":{}}""")]
    [InlineData("chat_template_kwargs", """{"messages":[]}""")]
    [InlineData("chat_template_kwargs", """{"a":1e400,"":null}""")]
    [InlineData("metadata", "1e400")]
    public async Task WhatOnlyTheTemplateSeesNeverBreaksTheServer(string parameter, string json) =>
        await _server.ServesOrRefusesAsync(BadInputServer.Chat((parameter, json)));
}
