using System.Text.Json;
using Serverless.Core.Webhooks;
using Serverless.Functions.Errors;
using Serverless.Functions.Json;

namespace Serverless.Functions.Webhooks;

/// <summary>Reads what callers say about webhooks.</summary>
internal static class WebhookReader
{
    private const int MaxDescription = 500;
    private const int MaxOverlapSeconds = 7 * 24 * 3600;

    public static Uri? Url(Parameters parameters, string name, WebhookOptions options) => parameters.Text(name) is not { } text ? null
        : WebhookUrl.Check(text, options.AllowPrivateNetworks, out var url) is { } problem
            ? throw ApiException.Invalid($"Invalid value for '{name}': {problem}.", name, "invalid_url")
            : url;

    public static WebhookEndpoint New(Parameters parameters, string tenant, WebhookOptions options, DateTimeOffset now)
    {
        var url = Url(parameters, "url", options) ?? throw ApiException.Invalid("Missing required parameter: 'url'.", "url", "missing_required_parameter");
        var endpoint = new WebhookEndpoint { Id = WebhookEndpoints.NewId(), Tenant = tenant, Url = url, CreatedAt = now };
        return Change(endpoint, parameters, options, now);
    }

    /// <summary>Reads the parameters that may change; what is not sent stays.</summary>
    public static WebhookEndpoint Change(WebhookEndpoint endpoint, Parameters parameters, WebhookOptions options, DateTimeOffset now)
    {
        var isRequests = endpoint.Id == WebhookEndpoint.Requests;
        if (isRequests)
        {
            parameters.Refuse("url", "these messages go to the 'webhook_url' of each request.");
            parameters.Refuse("events", "a request with a 'webhook_url' hears of its job's end, whatever it is.");
        }

        var changed = endpoint with
        {
            Url = Url(parameters, "url", options) ?? endpoint.Url,
            Events = Events(parameters) ?? endpoint.Events,
            Payload = Payload(parameters) ?? endpoint.Payload,
            Description = Description(parameters) ?? endpoint.Description,
            DisabledAt = parameters.Flag("enabled") switch
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

    /// <returns>How long the present secret stays valid; null when the call does not say.</returns>
    public static TimeSpan? Overlap(Parameters parameters) =>
        parameters.Integer("overlap_seconds", 0, MaxOverlapSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static string[]? Events(Parameters parameters)
    {
        if (parameters.Find("events") is not { } value)
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

    private static WebhookPayload? Payload(Parameters parameters) => parameters.Text("payload") switch
    {
        null => null,
        "thin" => WebhookPayload.Thin,
        "full" => WebhookPayload.Full,
        _ => throw ApiException.Invalid("'payload' takes 'thin' or 'full'.", "payload", "invalid_value"),
    };

    private static string? Description(Parameters parameters) => parameters.Text("description") is not { } text ? null
        : text.Length <= MaxDescription ? text
        : throw ApiException.Invalid($"'description' takes at most {MaxDescription} characters.", "description", "invalid_value");

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
