using Microsoft.OpenApi;
using Serverless.Functions.Idempotency;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

internal static class GenerationApi
{
    public static void MapGeneration(this IEndpointRouteBuilder routes)
    {
        routes.MapGeneration(GenerationKind.Chat)
            .WithTags("Chat").WithName("createChatCompletion")
            .WithSummary("Answers a chat: whole, as a stream of server-sent events, or in the background with Prefer: respond-async.")
            .Describe(Samples.Chat, () => Schemas.Body([.. GenerationKind.Chat.Known]))
            .AnswersGeneration("ChatCompletion", "ChatCompletionChunk");
        routes.MapGeneration(GenerationKind.Completion)
            .WithTags("Completions").WithName("createCompletion")
            .WithSummary("Continues one or more texts.")
            .Describe(Samples.Completion, () => Schemas.Body([.. GenerationKind.Completion.Known]))
            .AnswersGeneration("TextCompletion", "TextCompletion");
    }

    private static RouteHandlerBuilder MapGeneration(this IEndpointRouteBuilder routes, GenerationKind kind) =>
        routes.MapPost(kind.Url, (HttpContext context, GenerationEndpoint endpoint) => endpoint.AnswerAsync(context, kind));

    private static void AnswersGeneration(this RouteHandlerBuilder route, string whole, string chunk) => route
        .Takes(ParameterLocation.Header, "Prefer", "respond-async answers 202 at once; the job goes on in the background.", Schemas.Text())
        .Takes(ParameterLocation.Header, "Cache-Control", "no-cache asks for a new answer, no-store also keeps it out of the prompt cache, max-age=N takes a stored one of at most N seconds.", Schemas.Text())
        .Takes(ParameterLocation.Header, IdempotencyReader.Header, "A name for this request, chosen by the caller. For 24 hours the same request under the same key gets the same job and the same answer, whatever became of the connection or of the server.", new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyReader.LongestKey })
        .Takes(ParameterLocation.Header, SdkAttempt.Header, "The official SDKs count their attempts here: with more than 0, the request joins the equal one of the same tenant that is still in flight.", Schemas.Count())
        .Answers(
            StatusCodes.Status200OK,
            "The answer. With stream it is server-sent events: each event's data is one chunk, and the last event's is [DONE]; a stream that fails ends with an Error instead.",
            whole,
            chunk,
            [.. AnswerHeaders.OfJobs, "idempotent-replayed", "x-ignored-parameters"])
        .Answers(StatusCodes.Status202Accepted, "The job goes on in the background: it was asked for, or the synchronous limit came first.", "Job", null, [.. AnswerHeaders.OfJobs, "idempotent-replayed", "location", "retry-after"])
        .Answers(StatusCodes.Status409Conflict, "idempotency_key_in_use: a request with this Idempotency-Key is being accepted at this moment. job_cancelled: the job was cancelled.", "Error", null, [.. AnswerHeaders.OfJobs, "idempotent-replayed", "retry-after"])
        .Answers(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reuse: this Idempotency-Key came with another request before.", "Error");
}
