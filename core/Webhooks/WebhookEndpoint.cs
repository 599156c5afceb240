using System.Text.Json.Serialization;

namespace Serverless.Core.Webhooks;

/// <summary>A receiver's settings, which only its owner changes.</summary>
public sealed record WebhookEndpoint
{
    /// <summary>The id of the tenant's endpoint that has no address: it signs what goes to the <c>webhook_url</c> of single requests.</summary>
    public const string Requests = "requests";

    /// <summary><c>whe_</c> and 24 hexadecimal characters, or <see cref="Requests"/>.</summary>
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    /// <summary>Null for <see cref="Requests"/> only.</summary>
    public Uri? Url { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Events { get; init; } = WebhookEvents.All;

    public WebhookPayload Payload { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DisabledAt { get; init; }
}

/// <summary>How much of a job an event carries.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookPayload>))]
public enum WebhookPayload
{
    /// <summary>The job's id and state; the receiver asks for the rest.</summary>
    [JsonStringEnumMemberName("thin")] Thin,

    /// <summary>All of the job, as the API shows it.</summary>
    [JsonStringEnumMemberName("full")] Full,
}
