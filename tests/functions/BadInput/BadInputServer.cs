namespace Serverless.Functions.Tests.BadInput;

/// <summary>Sends what should be refused, and checks the refusal and that the server still answers after it.</summary>
internal sealed class BadInputServer(OneProcess fixture)
{
    public const string Hello = """[{"role":"user","content":"Hello"}]""";

    public ApiClient Api => fixture.Server.Api;

    /// <summary>A valid chat with some parameters replaced by the JSON given for them; none is left out by null.</summary>
    public static string Chat(params (string Name, string? Json)[] changes) => Object([("model", $"\"{RunningServer.Model}\""), ("max_tokens", "1"), ("messages", Hello)], changes);

    /// <inheritdoc cref="Chat"/>
    public static string Completion(params (string Name, string? Json)[] changes) => Object([("model", $"\"{RunningServer.Model}\""), ("max_tokens", "1"), ("prompt", "\"Hello\"")], changes);

    public async Task RefusesChatAsync(string body, string? code, string? param, int status = 400) =>
        await RefusesAsync(await Api.ChatAsync(body), code, param, status);

    public async Task RefusesAsync(Answer answer, string? code, string? param, int status = 400)
    {
        Assert.True(status == answer.Status, $"{answer.Status} rather than {status}: {answer.Text}");
        CheckError(answer);
        Assert.Equal((code, param), (answer.ErrorCode, answer.ErrorParam));
        await StillAnswersAsync();
    }

    /// <summary>Whether served or refused, the answer is one that the caller can use.</summary>
    public async Task ServesOrRefusesAsync(string body, string path = "/v1/chat/completions")
    {
        CheckServedOrRefused(body, await Api.PostAsync(path, body));
        await StillAnswersAsync();
    }

    public static void CheckServedOrRefused(string body, Answer answer)
    {
        Assert.True(answer.Status is 200 or (>= 400 and < 500), $"{answer.Status}: {answer.Text}\n{body}");
        Assert.DoesNotContain("server_error", answer.Text, StringComparison.Ordinal);
        if (answer.Status != 200)
        {
            CheckError(answer);
        }
    }

    public static void CheckError(Answer answer)
    {
        Assert.StartsWith("application/json", answer.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(["message", "type", "param", "code"], answer.Error.EnumerateObject().Select(property => property.Name));
        Assert.NotEmpty(answer.Error.GetProperty("message").GetString()!);
        Assert.Equal(answer.Status < 500 ? "invalid_request_error" : "server_error", answer.Error.GetProperty("type").GetString());
    }

    /// <summary>The model itself is asked: an answer from the cache would prove little.</summary>
    private async Task StillAnswersAsync()
    {
        var next = await Api.PostAsync("/v1/completions", Completion(("temperature", "0")), ("Cache-Control", "no-store"));
        Assert.True(next.Status == 200, $"The next good request got {next.Status}: {next.Text}");
    }

    private static string Object((string Name, string? Json)[] valid, (string Name, string? Json)[] changes)
    {
        var all = valid.Where(one => changes.All(change => change.Name != one.Name)).Concat(changes).Where(one => one.Json is not null);
        return $"{{{string.Join(',', all.Select(one => $"\"{one.Name}\":{one.Json}"))}}}";
    }
}
