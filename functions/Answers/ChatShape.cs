using System.Text.Json;
using Serverless.Core.Jobs;

namespace Serverless.Functions.Answers;

/// <summary>The objects <c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
/// <remarks>Source: OpenAI API reference, "Chat Completions".</remarks>
internal sealed class ChatShape : IAnswerShape
{
    private const string IdPrefix = "chatcmpl-";

    public void WriteWhole(Utf8JsonWriter json, AnswerHead head, JobResult result, bool fromCache)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, "chat.completion");
        json.WriteStartArray("choices");
        foreach (var choice in result.Choices)
        {
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", choice.Text);
            json.WriteNull("refusal");
            json.WriteEndObject();
            WriteLogprobs(json, choice.Logprobs);
            json.WriteString("finish_reason", choice.FinishReason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        AnswerParts.WriteUsage(json, result.Usage, fromCache);
        json.WriteString("service_tier", "default");
        json.WriteEndObject();
    }

    public bool HasOpening => true;

    public void WriteOpening(Utf8JsonWriter json, AnswerHead head, int choice)
    {
        BeginChunk(json, head, choice);
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteNull("refusal");
        EndChunk(json, null, null);
    }

    public void WriteChunk(Utf8JsonWriter json, AnswerHead head, JobEvent next)
    {
        BeginChunk(json, head, next.Choice);
        if (next.Text.Length > 0)
        {
            json.WriteString("content", next.Text);
        }

        EndChunk(json, next.Logprobs, next.Finish);
    }

    public void WriteUsage(Utf8JsonWriter json, AnswerHead head, TokenUsage usage, bool fromCache)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        AnswerParts.WriteUsage(json, usage, fromCache);
        json.WriteEndObject();
    }

    private static void BeginChunk(Utf8JsonWriter json, AnswerHead head, int choice)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteStartObject("delta");
    }

    private static void EndChunk(Utf8JsonWriter json, IReadOnlyList<TokenLogprob>? logprobs, string? finish)
    {
        json.WriteEndObject();
        WriteLogprobs(json, logprobs);
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TokenLogprob>? logprobs)
    {
        if (logprobs is null)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        foreach (var token in logprobs)
        {
            json.WriteStartObject();
            WriteToken(json, token);
            json.WriteStartArray("top_logprobs");
            foreach (var other in token.Top)
            {
                json.WriteStartObject();
                WriteToken(json, other);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    private static void WriteToken(Utf8JsonWriter json, TokenLogprob token)
    {
        json.WriteString("token", AnswerParts.TextOf(token));
        json.WriteNumber("logprob", token.Logprob);
        json.WriteStartArray("bytes");
        foreach (var one in token.Bytes)
        {
            json.WriteNumberValue(one);
        }

        json.WriteEndArray();
    }
}
