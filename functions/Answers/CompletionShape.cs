using System.Text.Json;
using Serverless.Core.Jobs;

namespace Serverless.Functions.Answers;

/// <summary>The object <c>text_completion</c>, whole or as the chunks of a stream.</summary>
/// <remarks>Source: OpenAI API reference, "Completions". <c>text_offset</c> counts from the start of the chunk or answer.</remarks>
internal sealed class CompletionShape : IAnswerShape
{
    private const string IdPrefix = "cmpl-";
    private const string Kind = "text_completion";

    public void WriteWhole(Utf8JsonWriter json, AnswerHead head, JobResult result, bool fromCache)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, Kind);
        json.WriteStartArray("choices");
        foreach (var choice in result.Choices)
        {
            WriteChoice(json, choice.Index, choice.Text, choice.Logprobs, choice.FinishReason);
        }

        json.WriteEndArray();
        AnswerParts.WriteUsage(json, result.Usage, fromCache);
        json.WriteEndObject();
    }

    public bool HasOpening => false;

    public void WriteOpening(Utf8JsonWriter json, AnswerHead head, int choice) =>
        throw new InvalidOperationException($"A {Kind} has no opening chunk; ask {nameof(HasOpening)} first.");

    public void WriteChunk(Utf8JsonWriter json, AnswerHead head, JobEvent next)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, Kind);
        json.WriteStartArray("choices");
        WriteChoice(json, next.Choice, next.Text, next.Logprobs, next.Finish);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void WriteUsage(Utf8JsonWriter json, AnswerHead head, TokenUsage usage, bool fromCache)
    {
        json.WriteStartObject();
        AnswerParts.WriteHead(json, head, IdPrefix, Kind);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        AnswerParts.WriteUsage(json, usage, fromCache);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, int index, string text, IReadOnlyList<TokenLogprob>? logprobs, string? finish)
    {
        json.WriteStartObject();
        json.WriteString("text", text);
        json.WriteNumber("index", index);
        WriteLogprobs(json, logprobs);
        json.WriteString("finish_reason", finish);
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
        json.WriteStartArray("tokens");
        foreach (var token in logprobs)
        {
            json.WriteStringValue(AnswerParts.TextOf(token));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var token in logprobs)
        {
            json.WriteNumberValue(token.Logprob);
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var token in logprobs)
        {
            json.WriteStartObject();
            // Two tokens may show as the same text; the likelier one, which comes first, stands.
            foreach (var other in token.Top.DistinctBy(AnswerParts.TextOf))
            {
                json.WriteNumber(AnswerParts.TextOf(other), other.Logprob);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        var offset = 0;
        foreach (var token in logprobs)
        {
            json.WriteNumberValue(offset);
            offset += AnswerParts.TextOf(token).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
