using System.Text;
using System.Text.Json;
using Serverless.Core.Jobs;

namespace Serverless.Functions.Answers;

/// <summary>The parts that both endpoints' answers are made of.</summary>
internal static class AnswerParts
{
    public static void WriteHead(Utf8JsonWriter json, AnswerHead head, string idPrefix, string kind)
    {
        json.WriteString("id", head.Id(idPrefix));
        json.WriteString("object", kind);
        json.WriteNumber("created", head.Created);
        json.WriteString("model", head.Model);
        json.WriteString("system_fingerprint", head.Fingerprint);
    }

    /// <summary>Writes <c>usage</c>; an answer from the cache had its whole prompt cached.</summary>
    public static void WriteUsage(Utf8JsonWriter json, TokenUsage usage, bool fromCache)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.PromptTokens);
        json.WriteNumber("completion_tokens", usage.CompletionTokens);
        json.WriteNumber("total_tokens", usage.PromptTokens + usage.CompletionTokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", fromCache ? usage.PromptTokens : usage.CachedPromptTokens);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The token's text; bytes that are no whole characters show as U+FFFD, and <c>bytes</c> has them exactly.</summary>
    public static string TextOf(TokenLogprob token) => Encoding.UTF8.GetString(token.Bytes);
}
