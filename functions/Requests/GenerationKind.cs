using Serverless.Core.Requests;
using Serverless.Functions.Answers;
using Serverless.Functions.Json;

namespace Serverless.Functions.Requests;

/// <summary>A kind of generation, by the endpoint that OpenAI gives it; a line of a batch and a message on a queue name the same.</summary>
/// <param name="Url">The endpoint's path.</param>
/// <param name="Name">Tells equal bodies of different kinds apart.</param>
/// <param name="Known">Every parameter that a body of this kind may have.</param>
/// <param name="ReadPrompt">Reads what is particular to the kind.</param>
/// <param name="Shape">Writes its answers.</param>
internal sealed record GenerationKind(
    string Url, string Name, IReadOnlyList<Parameter> Known, Func<Parameters, GenerationRequest, GenerationRequest> ReadPrompt, IAnswerShape Shape)
{
    public static GenerationKind Chat { get; } = new(
        "/v1/chat/completions", "chat.completions", [.. CallReader.Known, .. ChatReader.Known, .. SamplingReader.Known], ChatReader.Read, new ChatShape());

    public static GenerationKind Completion { get; } = new(
        "/v1/completions", "completions", [.. CallReader.Known, .. CompletionReader.Known, .. SamplingReader.Known], CompletionReader.Read, new CompletionShape());

    public static IReadOnlyList<GenerationKind> All { get; } = [Chat, Completion];

    /// <returns>The kind whose endpoint this is, or null.</returns>
    public static GenerationKind? Find(string url) => All.FirstOrDefault(kind => kind.Url == url);

    /// <summary>The kind of what a job asked.</summary>
    public static GenerationKind Of(GenerationRequest request) => request.Messages is null ? Completion : Chat;
}
