using System.Text.Json.Serialization;

namespace Serverless.Core.Webhooks;

/// <summary>How the records of webhooks look in the store and on the queue: snake case, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookEndpoint))]
[JsonSerializable(typeof(WebhookSecrets))]
[JsonSerializable(typeof(EndpointHealth))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(WebhookMessage))]
internal sealed partial class WebhookJson : JsonSerializerContext;
