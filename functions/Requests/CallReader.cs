using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Serverless.Core.Deployments;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;
using Serverless.Functions.Webhooks;

namespace Serverless.Functions.Requests;

/// <summary>Reads a generation call's body against the deployment that it names.</summary>
internal sealed class CallReader(IDeploymentCatalog deployments, IOptions<WebhookOptions> webhooks, TimeProvider clock)
{
    private static readonly TextParameter Model = new("model", "The deployment that answers; GET /v1/models lists them.") { IsRequired = true };
    private static readonly FlagParameter Stream = new("stream", "Sends the answer as server-sent events while it is made.");
    private static readonly FlagParameter Usage = new("include_usage", "Ends the stream with a chunk that has the usage and no choices.");
    private static readonly ShapedParameter StreamOptions = new("stream_options", "For a streamed answer only.", () => Schemas.Body(Usage));
    private static readonly ShapedParameter Receiver =
        new("webhook_url", "Where to tell that the job has ended. Such a request is always a job of its own, past the prompt cache.", WebhookReader.UrlSchema);

    private static readonly TextParameter Tier = new("service_tier", "Both mean the same here.") { Values = ["auto", "default"] };

    /// <summary>Parameters of OpenAI's that shape nothing here, so that SDKs which send them are served.</summary>
    private static readonly Parameter[] Harmless =
        [.. new[] { "user", "metadata", "store", "safety_identifier", "prompt_cache_key", "parallel_tool_calls" }
            .Select(name => new ShapedParameter(name, "Accepted, and without effect.", () => new OpenApiSchema()))];

    /// <summary>Every parameter that this reader knows.</summary>
    public static IReadOnlyList<Parameter> Known { get; } = [Model, Stream, StreamOptions, Receiver, Tier, .. Harmless];

    /// <summary>Reads and checks a call.</summary>
    /// <param name="body">The request's body.</param>
    /// <param name="kind">What it asks for.</param>
    /// <param name="asOf">When the call was made first, for a repeat of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<GenerationCall> ReadAsync(JsonElement body, GenerationKind kind, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var parameters = new Parameters(body);
        var model = parameters.Text(Model)
            ?? throw ApiException.Invalid("Missing required parameter: 'model'.", "model", "missing_required_parameter");
        var deployment = await deployments.FindAsync(model, cancellationToken)
            ?? throw ApiException.NotFound($"The model '{Shorten(model)}' does not exist or you do not have access to it. GET /v1/models lists those that do.", "model", "model_not_found");

        var stream = parameters.Flag(Stream);
        var call = new GenerationCall
        {
            Deployment = deployment,
            Request = kind.ReadPrompt(parameters, SamplingReader.Read(parameters, deployment)),
            Seed = SamplingReader.Seed(parameters),
            Deadline = SamplingReader.Deadline(parameters, asOf ?? clock.GetUtcNow()),
            WebhookUrl = WebhookReader.Url(parameters, Receiver, webhooks.Value),
            Stream = stream,
            IncludeUsage = IncludeUsage(parameters, stream),
        };
        CompletionReader.CheckTokens(call.Request, deployment);
        parameters.Text(Tier);
        foreach (var parameter in Harmless)
        {
            parameters.Find(parameter);
        }

        return call with { Ignored = [.. parameters.Unread] };
    }

    private static bool IncludeUsage(Parameters parameters, bool stream)
    {
        if (parameters.Find(StreamOptions) is not { } options)
        {
            return false;
        }

        if (!stream)
        {
            throw ApiException.Invalid("'stream_options' is only allowed when 'stream' is true.", "stream_options", "invalid_value");
        }

        return options.ValueKind != JsonValueKind.Object
            ? throw Parameters.WrongType("stream_options", "an object", options)
            : new Parameters(options, "stream_options.").Flag(Usage);
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
