using Microsoft.Extensions.Options;
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
            .Describe(Samples.Chat);
        routes.MapPost("/v1/completions", CompleteAsync).WithTags("Completions").WithName("createCompletion")
            .WithSummary("Continues one or more texts.")
            .Describe(Samples.Completion);
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

    /// <summary>The shape of a job's result, by what the job asked.</summary>
    public static IAnswerShape ShapeOf(Core.Requests.GenerationRequest request) => request.Messages is null ? Completion : Chat;
}
