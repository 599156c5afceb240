using System.Text.Json;

namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>An HTTP answer, read to its end.</summary>
public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string JobId => Headers["x-job-id"];

    /// <summary>The error of an answer that must have one.</summary>
    public JsonElement Error => Json.GetProperty("error");

    public string? ErrorCode => Error.GetProperty("code").GetString();

    public string? ErrorParam => Error.GetProperty("param").GetString();

    /// <summary>The text of a chat completion's first choice.</summary>
    public string Content => Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    /// <summary>The server-sent events with their ids; the closing <c>[DONE]</c> is checked and left out.</summary>
    public IReadOnlyList<(long? Id, JsonElement Data)> Events
    {
        get
        {
            var events = new List<(long?, JsonElement)>();
            var done = false;
            foreach (var block in Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(block => block[0] != ':'))
            {
                var lines = block.Split('\n');
                var data = lines[^1]["data: ".Length..];
                if (done)
                {
                    throw new InvalidDataException($"An event follows [DONE]: {data}");
                }

                done = data == "[DONE]";
                if (!done)
                {
                    events.Add((lines.Length > 1 ? long.Parse(lines[0]["id: ".Length..], null) : null, JsonDocument.Parse(data).RootElement));
                }
            }

            return done ? events : throw new InvalidDataException($"The stream has no [DONE]: {Text}");
        }
    }

    /// <summary>The text that a streamed chat gave one choice.</summary>
    public string Streamed(int choice = 0) => string.Concat(Events
        .SelectMany(one => one.Data.GetProperty("choices").EnumerateArray())
        .Where(one => one.GetProperty("index").GetInt32() == choice)
        .Select(one => one.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : ""));

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync());
    }
}
