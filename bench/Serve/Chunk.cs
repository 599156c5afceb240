using System.Text.Json;

namespace Serverless.Bench.Serve;

/// <summary>What a streamed chunk has that a measurement needs.</summary>
internal readonly record struct Chunk(bool HasText, int PromptTokens, int OutputTokens)
{
    public static Chunk Parse(ReadOnlySpan<byte> data)
    {
        var chunk = default(Chunk);
        if (data.IsEmpty || data[0] != '{')
        {
            // The last event is [DONE].
            return chunk;
        }

        var json = new Utf8JsonReader(data);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (json.ValueTextEquals("content"u8))
            {
                json.Read();
                chunk = chunk with { HasText = chunk.HasText || (json.TokenType == JsonTokenType.String && json.ValueSpan.Length > 0) };
            }
            else if (json.ValueTextEquals("prompt_tokens"u8))
            {
                json.Read();
                chunk = chunk with { PromptTokens = json.GetInt32() };
            }
            else if (json.ValueTextEquals("completion_tokens"u8))
            {
                json.Read();
                chunk = chunk with { OutputTokens = json.GetInt32() };
            }
        }

        return chunk;
    }
}
