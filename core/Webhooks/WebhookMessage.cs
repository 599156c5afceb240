using System.Text.Json.Serialization;
using Serverless.Core.Jobs;
using Serverless.Core.Store;

namespace Serverless.Core.Webhooks;

/// <summary>The body of a message on the queue <c>webhooks</c>: a job has ended, or a delivery is due.</summary>
/// <remarks>No name here is one of Service Bus' own: the Functions host mixes the two.</remarks>
public sealed record WebhookMessage
{
    public const string Queue = "webhooks";

    public const int CurrentSchema = 1;

    public int Schema { get; init; } = CurrentSchema;

    public required string Tenant { get; init; }

    /// <summary>The job that has ended, when its event is still to be handed to the endpoints.</summary>
    public JobId? Ended { get; init; }

    public string? Endpoint { get; init; }

    /// <summary>The delivery that is due.</summary>
    public string? Delivery { get; init; }

    public int Attempt { get; init; }

    public int Round { get; init; }

    /// <summary>How often it was put off without an attempt.</summary>
    public int Deferrals { get; init; }

    /// <summary>Whether it names what it is about, in the forms that names have in the store.</summary>
    [JsonIgnore]
    public bool IsWhole => BlobPath.IsValid("tenant/" + Tenant)
        && (Ended is not null ? Delivery is null : Endpoint is not null && WebhookEndpoints.IsId(Endpoint) && Delivery is not null && WebhookDelivery.TryReadTime(Delivery, out _));

    /// <summary>The queue drops a second message of the same id, so a repetition after a crash sends nothing twice.</summary>
    [JsonIgnore]
    public string MessageId => Delivery is null ? $"{Ended}-{Deferrals}" : $"{Delivery}-{Round}-{Attempt}-{Deferrals}";
}
