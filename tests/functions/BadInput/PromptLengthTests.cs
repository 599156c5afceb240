using System.Text.RegularExpressions;

namespace Serverless.Functions.Tests.BadInput;

/// <summary>What only the worker finds, since only it has the tokenizer.</summary>
public sealed partial class PromptLengthTests(OneProcess fixture)
{
    private readonly BadInputServer _server = new(fixture);

    [Theory]
    [InlineData(false, "a")]
    [InlineData(true, "a")]
    [InlineData(false, "\U0001F600")]
    [InlineData(false, "\u4e16")]
    [InlineData(false, "word ")]
    public async Task APromptLongerThanTheContextIsRefusedWithBothNumbers(bool stream, string piece)
    {
        var word = string.Concat(Enumerable.Repeat(piece, 100_000 / piece.Length));
        var answer = await _server.Api.ChatAsync(BadInputServer.Chat(("messages", $$"""[{"role":"user","content":"{{word}}"}]"""), ("stream", stream ? "true" : "false")));

        await _server.RefusesAsync(answer, "context_length_exceeded", "messages");
        var numbers = Numbers().Matches(answer.Error.GetProperty("message").GetString()!).Select(match => int.Parse(match.Value, null)).ToArray();
        Assert.Contains(await ContextAsync(), numbers);
        Assert.True(numbers.Max() > await ContextAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAnswerThatWouldNotFitBehindItsPromptIsRefused(bool stream)
    {
        var body = BadInputServer.Chat(("max_tokens", $"{await ContextAsync()}"), ("stream", stream ? "true" : "false"));
        await _server.RefusesChatAsync(body, "context_length_exceeded", "messages");
    }

    [Fact]
    public async Task ACompletionThatIsTooLongNamesItsPrompt()
    {
        var ids = string.Join(',', Enumerable.Repeat("7", 20_000));
        await _server.RefusesAsync(await _server.Api.PostAsync("/v1/completions", BadInputServer.Completion(("prompt", $"[{ids}]"))), "context_length_exceeded", "prompt");
    }

    private async Task<int> ContextAsync() =>
        (await _server.Api.GetAsync($"/v1/models/{RunningServer.Model}")).Json.GetProperty("context_length").GetInt32();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
