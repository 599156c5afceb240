using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Bench.Serve;

/// <summary>Streams chats from one server, as the official clients do.</summary>
internal sealed class ChatClient(Target target) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { Timeout = TimeSpan.FromMinutes(5) };

    public async Task<StreamedAnswer> AskAsync(string prompt, int newTokens, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, target.Chat) { Content = Body(prompt, newTokens) };
        if (target.ApiKey is { } key)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        var begun = Stopwatch.GetTimestamp();
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        if (response.Headers.TryGetValues("x-cache", out var cache) && cache.Contains("hit"))
        {
            throw new InvalidOperationException("The prompt cache answered a prompt that should be new.");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await ReadAsync(stream, begun, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<StreamedAnswer> ReadAsync(Stream stream, long begun, CancellationToken cancellationToken)
    {
        TimeSpan? first = null;
        var (chunks, prompt, output) = (0, 0, 0);
        await foreach (var item in SseParser.Create(stream, (_, data) => Chunk.Parse(data)).EnumerateAsync(cancellationToken))
        {
            if (item.Data.HasText)
            {
                first ??= Stopwatch.GetElapsedTime(begun);
                chunks++;
            }

            (prompt, output) = (Math.Max(prompt, item.Data.PromptTokens), Math.Max(output, item.Data.OutputTokens));
        }

        return new(first ?? throw new InvalidOperationException("The stream ended without any text."), prompt, output > 0 ? output : chunks);
    }

    private ByteArrayContent Body(string prompt, int newTokens)
    {
        var body = new JsonObject
        {
            ["model"] = target.Model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }),
            ["max_tokens"] = newTokens,
            ["temperature"] = 0,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            ["ignore_eos"] = true,
        };
        return new(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}
