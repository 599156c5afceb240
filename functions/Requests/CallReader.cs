using System.Text.Json;
using Microsoft.Extensions.Options;
using Serverless.Core.Deployments;
using Serverless.Core.Requests;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.Webhooks;

namespace Serverless.Functions.Requests;

/// <summary>Reads a generation call's body against the deployment that it names.</summary>
internal sealed class CallReader(IDeploymentCatalog deployments, IOptions<WebhookOptions> webhooks, TimeProvider clock)
{
    /// <summary>Parameters of OpenAI's that shape nothing here, so that SDKs which send them are served.</summary>
    private static readonly string[] Harmless =
        ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls", "stream_options"];

    public async Task<GenerationCall> ReadAsync(JsonElement body, Func<Parameters, GenerationRequest, GenerationRequest> readPrompt, CancellationToken cancellationToken)
    {
        var parameters = new Parameters(body);
        var model = parameters.Text("model")
            ?? throw ApiException.Invalid("Missing required parameter: 'model'.", "model", "missing_required_parameter");
        var deployment = await deployments.FindAsync(model, cancellationToken)
            ?? throw ApiException.NotFound($"The model '{Shorten(model)}' does not exist or you do not have access to it. GET /v1/models lists those that do.", "model", "model_not_found");

        var stream = parameters.Flag("stream") ?? false;
        var call = new GenerationCall
        {
            Deployment = deployment,
            Request = readPrompt(parameters, SamplingReader.Read(parameters, deployment)),
            Seed = SamplingReader.Seed(parameters),
            Deadline = SamplingReader.Deadline(parameters, clock.GetUtcNow()),
            WebhookUrl = WebhookReader.Url(parameters, "webhook_url", webhooks.Value),
            Stream = stream,
            IncludeUsage = IncludeUsage(parameters, stream),
        };
        CheckTier(parameters);
        foreach (var name in Harmless)
        {
            parameters.Find(name);
        }

        return call with { Ignored = [.. parameters.Unread] };
    }

    private static bool IncludeUsage(Parameters parameters, bool stream)
    {
        if (parameters.Find("stream_options") is not { } options)
        {
            return false;
        }

        if (!stream)
        {
            throw ApiException.Invalid("'stream_options' is only allowed when 'stream' is true.", "stream_options", "invalid_value");
        }

        return options.ValueKind != JsonValueKind.Object
            ? throw Parameters.WrongType("stream_options", "an object", options)
            : new Parameters(options, "stream_options.").Flag("include_usage") ?? false;
    }

    private static void CheckTier(Parameters parameters)
    {
        if (parameters.Text("service_tier") is { } tier and not ("auto" or "default"))
        {
            throw ApiException.Invalid($"'service_tier' takes 'auto' or 'default', but got '{Shorten(tier)}'.", "service_tier", "invalid_value");
        }
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
