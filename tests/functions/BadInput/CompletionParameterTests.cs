namespace Serverless.Functions.Tests.BadInput;

public sealed class CompletionParameterTests(OneProcess fixture)
{
    private readonly BadInputServer _server = new(fixture);

    [Theory]
    [InlineData("prompt", null, "missing_required_parameter")]
    [InlineData("prompt", "null", "missing_required_parameter")]
    [InlineData("prompt", "7", "invalid_type")]
    [InlineData("prompt", "{}", "invalid_type")]
    [InlineData("prompt", "[]", "invalid_value")]
    [InlineData("prompt", "[true]", "invalid_type")]
    [InlineData("prompt", """["a",1]""", "invalid_type")]
    [InlineData("prompt", """[1,"a"]""", "invalid_type")]
    [InlineData("prompt", "[1.5]", "invalid_type")]
    [InlineData("prompt", "[1e400]", "invalid_type")]
    [InlineData("prompt", "[-1]", "invalid_value")]
    [InlineData("prompt", "[49152]", "invalid_value")]
    [InlineData("prompt", "[[1],[2147483647]]", "invalid_value")]
    [InlineData("prompt", "[[[1]]]", "invalid_type")]
    [InlineData("prompt", """["","","","","","","","","","","","","","","","","","","","","","","","","","","","","","","","",""]""", "invalid_value")]
    [InlineData("logprobs", "true", "invalid_type")]
    [InlineData("logprobs", "6", "invalid_value")]
    [InlineData("logprobs", "-1", "invalid_value")]
    [InlineData("best_of", "0", "invalid_value")]
    [InlineData("best_of", "\"1\"", "invalid_type")]
    [InlineData("best_of", "2", "unsupported_parameter")]
    [InlineData("echo", "1", "invalid_type")]
    [InlineData("echo", "true", "unsupported_parameter")]
    [InlineData("suffix", "\"end\"", "unsupported_parameter")]
    [InlineData("n", "9", "invalid_value")]
    [InlineData("temperature", "3", "invalid_value")]
    [InlineData("max_tokens", "0", "invalid_value")]
    public async Task AWrongParameterIsRefusedByName(string parameter, string? json, string code) =>
        await _server.RefusesAsync(await _server.Api.PostAsync("/v1/completions", BadInputServer.Completion((parameter, json))), code, parameter);

    [Theory]
    [InlineData("\"\"")]
    [InlineData("[[]]")]
    [InlineData("[\"\",\"a\"]")]
    [InlineData("[[1],[]]")]
    [InlineData("[0]")]
    [InlineData("[49151]")]
    [InlineData("[[0,1,2],\"a\"]")]
    [InlineData("\"a\\u0000b\"")]
    public async Task APromptWithLittleInItNeverBreaksTheServer(string json) =>
        await _server.ServesOrRefusesAsync(BadInputServer.Completion(("prompt", json)), "/v1/completions");
}
