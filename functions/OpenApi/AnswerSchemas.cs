using Microsoft.OpenApi;
using Serverless.Core.Jobs;
using Serverless.Functions.Webhooks;
using static Serverless.Functions.OpenApi.Schemas;

namespace Serverless.Functions.OpenApi;

/// <summary>What the API answers, by the names that its description gives to the parts.</summary>
internal static class AnswerSchemas
{
    private static readonly string[] Finishes = ["stop", "length"];
    private static readonly string[] States = [.. Enum.GetNames<JobState>().Select(name => name.ToLowerInvariant())];

    /// <summary>Makes every schema anew; a description's document owns its own.</summary>
    public static IEnumerable<(string Name, OpenApiSchema Schema)> All() =>
    [
        ("Error", Object(("error", Named("ErrorDetail")))),
        ("ErrorDetail", Object(
            ("message", Text("What was wrong and what to do.")),
            ("type", OneOf("invalid_request_error", "server_error")),
            ("param", Text("The parameter at fault.").OrNull()),
            ("code", Text("The kind of error, for programs: for example context_length_exceeded.").OrNull()))),
        ("Usage", Object(
            ("prompt_tokens", Count()),
            ("completion_tokens", Count()),
            ("total_tokens", Count()),
            ("prompt_tokens_details", Object(("cached_tokens", Count("Prompt tokens that were not computed again.")))),
            ("completion_tokens_details", Object(("reasoning_tokens", Count()))))),
        ("ChatCompletion", Object(
            [.. Head("chatcmpl-", "chat.completion"),
            ("choices", List(Object(
                ("index", Count()),
                ("message", Object(("role", OneOf("assistant")), ("content", Text()), ("refusal", Null()))),
                ("logprobs", Named("ChatLogprobs").OrNull()),
                ("finish_reason", OneOf(Finishes))))),
            ("usage", Named("Usage")),
            ("service_tier", OneOf("default"))])),
        ("ChatCompletionChunk", Object(
            [.. Head("chatcmpl-", "chat.completion.chunk"),
            ("choices", List(Object(
                ("index", Count()),
                ("delta", Object(("role?", OneOf("assistant")), ("content?", Text()), ("refusal?", Null()))),
                ("logprobs", Named("ChatLogprobs").OrNull()),
                ("finish_reason", OneOf(Finishes).OrNull())))),
            ("usage?", Named("Usage"))])),
        ("ChatLogprobs", Object(
            ("content", List(Object([.. Token(), ("top_logprobs", List(Object([.. Token()])))]))),
            ("refusal", Null()))),
        ("TextCompletion", Object(
            [.. Head("cmpl-", "text_completion"),
            ("choices", List(Object(
                ("text", Text()),
                ("index", Count("Choices of the first prompt come first.")),
                ("logprobs", Named("TextLogprobs").OrNull()),
                ("finish_reason", OneOf(Finishes).OrNull())))),
            ("usage?", Named("Usage"))])),
        ("TextLogprobs", Object(
            ("tokens", List(Text())),
            ("token_logprobs", List(Number())),
            ("top_logprobs", List(new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Number() })),
            ("text_offset", List(Count())))),
        ("Job", Object(
            ("id", Text()),
            ("object", OneOf("job")),
            ("status", OneOf(States)),
            ("deployment", Text()),
            ("model", Text()),
            ("created_at", Time()),
            ("started_at", Time().OrNull()),
            ("finished_at", Time().OrNull()),
            ("deadline", Time().OrNull()),
            ("seed", new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Description = "Sent again with the same request, it gives the same answer." }),
            ("result", Any(Named("ChatCompletion"), Named("TextCompletion"), Null())),
            ("error", Named("ErrorDetail").OrNull()),
            ("usage?", Named("Usage")))),
        ("JobEvent", Object(
            ("n", Count("The choice that the event belongs to.")),
            ("ids", List(Count("A token id."))),
            ("text", Text()),
            ("logprobs?", List(Named("EventLogprob"))),
            ("finish?", OneOf(Finishes)),
            ("state?", OneOf(States)),
            ("usage?", Object(("prompt_tokens", Count()), ("cached_prompt_tokens", Count()), ("completion_tokens", Count()))),
            ("error?", Object(("status", Count("The HTTP status.")), ("type", Text()), ("message", Text()), ("param?", Text()), ("code?", Text()))))),
        ("EventLogprob", Object(
            ("bytes", Text("The token's bytes in base64.")),
            ("logprob", Number()),
            ("top", List(Named("EventLogprob"))))),
        ("Model", Object(
            ("id", Text("The model of a request.")),
            ("object", OneOf("model")),
            ("created", Time()),
            ("owned_by", Text()),
            ("context_length", Count("The most tokens of prompt and answer together.")))),
        ("ModelList", Object(("object", OneOf("list")), ("data", List(Named("Model"))))),
        ("ApiKey", Object(
            ("id", Text()),
            ("object", OneOf("api_key")),
            ("name", Text().OrNull()),
            ("tenant", Text()),
            ("admin", Flag("Whether it may manage keys.")),
            ("hint", Text("The last characters of the key.")),
            ("created_at", Time()),
            ("revoked_at", Time().OrNull()),
            ("key?", Text("The key itself, in the answer to its making only.")))),
        ("ApiKeyList", Object(("object", OneOf("list")), ("data", List(Named("ApiKey"))))),
        .. WebhookSchemas.All(),
    ];

    private static (string, IOpenApiSchema)[] Head(string prefix, string kind) =>
    [
        ("id", Text($"{prefix} and the job's id.")),
        ("object", OneOf(kind)),
        ("created", Time()),
        ("model", Text()),
        ("system_fingerprint", Text("Names the model's bytes: equal fingerprints and seeds give equal text.").OrNull()),
    ];

    private static (string, IOpenApiSchema)[] Token() =>
        [("token", Text()), ("logprob", Number()), ("bytes", List(Integer(0, 255, null)))];
}
