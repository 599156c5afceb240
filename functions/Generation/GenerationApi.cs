using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Serverless.Functions.Answers;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Requests;

namespace Serverless.Functions.Generation;

internal static class GenerationApi
{
    private static readonly ChatShape Chat = new();
    private static readonly CompletionShape Completion = new();

    public static void MapGeneration(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/chat/completions", ChatAsync).WithTags("Chat").WithName("createChatCompletion")
            .WithSummary("Answers a chat: whole, as a stream of server-sent events, or in the background with Prefer: respond-async.")
            .Describe(Samples.Chat, () => Schemas.Body([.. CallReader.Known, .. ChatReader.Known, .. SamplingReader.Known]))
            .AnswersGeneration("ChatCompletion", "ChatCompletionChunk");
        routes.MapPost("/v1/completions", CompleteAsync).WithTags("Completions").WithName("createCompletion")
            .WithSummary("Continues one or more texts.")
            .Describe(Samples.Completion, () => Schemas.Body([.. CallReader.Known, .. CompletionReader.Known, .. SamplingReader.Known]))
            .AnswersGeneration("TextCompletion", "TextCompletion");
    }

    private static async Task ChatAsync(HttpContext context, CallReader reader, GenerationDoor door, IOptions<ApiOptions> options)
    {
        var body = await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        await door.AnswerAsync(context, await reader.ReadAsync(body, ChatReader.Read, context.RequestAborted), Chat);
    }

    private static async Task CompleteAsync(HttpContext context, CallReader reader, GenerationDoor door, IOptions<ApiOptions> options)
    {
        var body = await RequestBody.ReadAsync(context, options.Value.MaxBodyBytes);
        var call = await reader.ReadAsync(body, CompletionReader.Read, context.RequestAborted);
        CompletionReader.CheckTokens(call.Request, call.Deployment);
        await door.AnswerAsync(context, call, Completion);
    }

    private static void AnswersGeneration(this RouteHandlerBuilder route, string whole, string chunk) => route
        .Takes(ParameterLocation.Header, "Prefer", "respond-async answers 202 at once; the job goes on in the background.", Schemas.Text())
        .Takes(ParameterLocation.Header, "Cache-Control", "no-cache asks for a new answer, no-store also keeps it out of the prompt cache, max-age=N takes a stored one of at most N seconds.", Schemas.Text())
        .Answers(
            StatusCodes.Status200OK,
            "The answer. With stream it is server-sent events: each event's data is one chunk, and the last event's is [DONE]; a stream that fails ends with an Error instead.",
            whole,
            chunk,
            [.. AnswerHeaders.OfJobs, "x-ignored-parameters"])
        .Answers(StatusCodes.Status202Accepted, "The job goes on in the background: it was asked for, or the synchronous limit came first.", "Job", null, [.. AnswerHeaders.OfJobs, "location", "retry-after"]);

    /// <summary>The shape of a job's result, by what the job asked.</summary>
    public static IAnswerShape ShapeOf(Core.Requests.GenerationRequest request) => request.Messages is null ? Completion : Chat;
}
