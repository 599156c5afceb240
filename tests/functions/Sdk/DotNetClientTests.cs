using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

namespace Serverless.Functions.Tests.Sdk;

/// <summary>OpenAI's .NET package, unchanged, against the real system.</summary>
public sealed class DotNetClientTests(OneProcess fixture)
{
    private static readonly ChatMessage[] Question = [new SystemChatMessage("Be brief."), new UserChatMessage("Name three colours.")];
    private readonly OpenAIClient _client = Client(fixture, RunningServer.AdministratorKey);

    [Fact]
    public async Task AStreamSaysWhatThePlainAnswerSays()
    {
        var chat = _client.GetChatClient(RunningServer.Model);
        ChatCompletion plain = await chat.CompleteChatAsync(Question, Options(), TestContext.Current.CancellationToken);
        var text = "";
        var usage = 0;
        ChatFinishReason? finish = null;
        await foreach (var update in chat.CompleteChatStreamingAsync(Question, Options(), TestContext.Current.CancellationToken))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            finish = update.FinishReason ?? finish;
            usage = update.Usage?.OutputTokenCount ?? usage;
        }

        Assert.Equal(plain.Content[0].Text, text);
        Assert.Equal(plain.FinishReason, finish);
        Assert.Equal(plain.Usage.OutputTokenCount, usage);
    }

    [Fact]
    public async Task LogprobsAreRead()
    {
        var options = Options();
        (options.IncludeLogProbabilities, options.TopLogProbabilityCount) = (true, 2);
        ChatCompletion plain = await _client.GetChatClient(RunningServer.Model).CompleteChatAsync(Question, options, TestContext.Current.CancellationToken);

        Assert.Equal(plain.Usage.OutputTokenCount, plain.ContentTokenLogProbabilities.Count);
        Assert.All(plain.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task ModelsAreListed()
    {
        var models = await _client.GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken);
        Assert.Contains(models.Value, model => model.Id == RunningServer.Model);
    }

    [Fact]
    public async Task MistakesAreExceptionsWithTheirStatus()
    {
        var unknown = await Assert.ThrowsAsync<ClientResultException>(() => _client.GetChatClient("nothing").CompleteChatAsync(Question, Options(), TestContext.Current.CancellationToken));
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => Client(fixture, "sk-wrong-wrong-wrong").GetChatClient(RunningServer.Model).CompleteChatAsync(Question, Options(), TestContext.Current.CancellationToken));

        Assert.Equal((404, 401), (unknown.Status, refused.Status));
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);
    }

    private static OpenAIClient Client(OneProcess fixture, string key) =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(fixture.Server.Address, "/v1") });

    private static ChatCompletionOptions Options() => new() { Temperature = 0, MaxOutputTokenCount = 12, StopSequences = { "zebra" } };
}
