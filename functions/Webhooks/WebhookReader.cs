using System.Text.Json;
using Microsoft.OpenApi;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;
using Serverless.Functions.OpenApi;

namespace Serverless.Functions.Webhooks;

/// <summary>Reads what callers say about webhooks.</summary>
internal static class WebhookReader
{
    private const int MaxOverlapSeconds = 7 * 24 * 3600;

    private static readonly ShapedParameter Target = new("url", "Where messages go: an absolute http or https URL of the public internet.", UrlSchema);
    private static readonly ShapedParameter Subscribed = new("events", "What is told; without it, every end of a job.", EventsSchema);
    private static readonly TextParameter Size = new("payload", "How much of the job a message carries: its state, or all of it. Without it, thin.") { Values = ["thin", "full"] };
    private static readonly TextParameter Note = new("description", "What the endpoint is for.") { MaxLength = 500 };
    private static readonly ShapedParameter Enabled = new("enabled", "Whether messages are sent; a new endpoint's are.", () => Schemas.Flag());
    private static readonly IntegerParameter OverlapSeconds = new("overlap_seconds", 0, MaxOverlapSeconds, null, "How long the present secret stays valid; without it, as configured.");

    /// <summary>Every parameter of a change.</summary>
    public static IReadOnlyList<Parameter> OfChange { get; } = [Target, Subscribed, Size, Note, Enabled];

    /// <summary>Every parameter of a new endpoint.</summary>
    public static IReadOnlyList<Parameter> OfNew { get; } = [Target with { IsRequired = true }, Subscribed, Size, Note, Enabled];

    /// <summary>Every parameter of a rotation.</summary>
    public static IReadOnlyList<Parameter> OfRotation { get; } = [OverlapSeconds];

    public static OpenApiSchema UrlSchema() => new() { Type = JsonSchemaType.String, Format = "uri", MaxLength = WebhookUrl.Longest };

    public static Uri? Url(Parameters parameters, Parameter parameter, WebhookOptions options) => parameters.Text(parameter.Name) is not { } text ? null
        : WebhookUrl.Check(text, options.AllowPrivateNetworks, out var url) is { } problem
            ? throw ApiException.Invalid($"Invalid value for '{parameter.Name}': {problem}.", parameter.Name, "invalid_url")
            : url;

    public static WebhookEndpoint New(Parameters parameters, string tenant, WebhookOptions options, DateTimeOffset now)
    {
        var url = Url(parameters, Target, options) ?? throw ApiException.Invalid("Missing required parameter: 'url'.", "url", "missing_required_parameter");
        var endpoint = new WebhookEndpoint { Id = WebhookEndpoints.NewId(), Tenant = tenant, Url = url, CreatedAt = now };
        return Change(endpoint, parameters, options, now);
    }

    /// <summary>Reads the parameters that may change; what is not sent stays.</summary>
    public static WebhookEndpoint Change(WebhookEndpoint endpoint, Parameters parameters, WebhookOptions options, DateTimeOffset now)
    {
        var isRequests = endpoint.Id == WebhookEndpoint.Requests;
        if (isRequests)
        {
            parameters.Refuse(Target.Name, "these messages go to the 'webhook_url' of each request.");
            parameters.Refuse(Subscribed.Name, "a request with a 'webhook_url' hears of its job's end, whatever it is.");
        }

        var changed = endpoint with
        {
            Url = Url(parameters, Target, options) ?? endpoint.Url,
            Events = Events(parameters) ?? endpoint.Events,
            Payload = Payload(parameters) ?? endpoint.Payload,
            Description = parameters.Text(Note) ?? endpoint.Description,
            DisabledAt = IsEnabled(parameters) switch
            {
                true => null,
                false => endpoint.DisabledAt ?? now,
                null => endpoint.DisabledAt,
            },
        };
        return parameters.Unread.FirstOrDefault() is { } unknown
            ? throw ApiException.Invalid($"Unknown parameter: '{Shorten(unknown)}'.", Shorten(unknown), "unknown_parameter")
            : changed;
    }

    /// <returns>What the call says of it; null when it says nothing.</returns>
    public static bool? IsEnabled(Parameters parameters) => parameters.Flag(Enabled.Name);

    /// <returns>How long the present secret stays valid; null when the call does not say.</returns>
    public static TimeSpan? Overlap(Parameters parameters) =>
        parameters.Integer(OverlapSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static string[]? Events(Parameters parameters)
    {
        if (parameters.Find(Subscribed) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw Parameters.WrongType("events", "an array of strings", value);
        }

        string[] names = [.. value.EnumerateArray().Select(item => item.GetString()!).Distinct()];
        return names.Length > 0 && names.All(WebhookEvents.All.Contains)
            ? names
            : throw ApiException.Invalid($"'events' takes one or more of {string.Join(", ", WebhookEvents.All)}.", "events", "invalid_value");
    }

    private static WebhookPayload? Payload(Parameters parameters) => parameters.Text(Size) switch
    {
        null => null,
        "full" => WebhookPayload.Full,
        _ => WebhookPayload.Thin,
    };

    private static OpenApiSchema EventsSchema()
    {
        var schema = Schemas.List(Schemas.OneOf([.. WebhookEvents.All]));
        schema.MinItems = 1;
        return schema;
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
