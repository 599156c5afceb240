using Amqp.Framing;
using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>What a receiver decided about a message, whichever way it said so.</summary>
internal sealed record Settlement(SettlementKind Kind)
{
    private const string ReasonKey = "DeadLetterReason";
    private const string DescriptionKey = "DeadLetterErrorDescription";

    /// <summary>Application properties that the receiver changes before it lets go.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Changes { get; init; } = [];

    public string? Reason { get; init; }

    public string? Description { get; init; }

    /// <summary>Reads the outcome of a delivery.</summary>
    /// <exception cref="BrokerStateException">It is none that a queue knows.</exception>
    public static Settlement Of(DeliveryState? outcome) => outcome switch
    {
        Accepted => new(SettlementKind.Complete),
        Released => new(SettlementKind.Release),
        Modified modified => new(modified.UndeliverableHere ? SettlementKind.Defer : SettlementKind.Abandon)
        {
            Changes = Named(modified.MessageAnnotations),
        },
        Rejected rejected => Buried(rejected.Error),
        _ => throw new BrokerStateException(BrokerStateException.NotImplemented, $"The outcome '{outcome?.GetType().Name}' is not known here."),
    };

    /// <summary>Reads the body of an <c>update-disposition</c> request.</summary>
    /// <exception cref="BrokerStateException">Its status is none that a queue knows.</exception>
    public static Settlement Of(Map request)
    {
        var status = request["disposition-status"] as string;
        return new(status switch
        {
            "completed" => SettlementKind.Complete,
            "abandoned" => SettlementKind.Abandon,
            "defered" => SettlementKind.Defer,
            "suspended" => SettlementKind.DeadLetter,
            _ => throw new BrokerStateException(BrokerStateException.NotImplemented, $"The disposition '{status}' is not supported here."),
        })
        {
            Changes = Named(request["properties-to-modify"]),
            Reason = request["deadletter-reason"] as string,
            Description = request["deadletter-description"] as string,
        };
    }

    /// <summary>Carries it out; false when the lock ended.</summary>
    /// <exception cref="BrokerStateException">The changed message cannot be kept.</exception>
    public bool Apply(QueueState queue, Guid token, DateTimeOffset now, BrokerOptions options)
    {
        if (Changes.Count > 0 && queue.Held(token, now) is { } entry)
        {
            var (encoded, facts) = MessageEncoding.Modify(entry, Changes);
            if (encoded.Length > options.MaxMessageBytes)
            {
                throw new BrokerStateException(BrokerStateException.TooLarge, $"With the changed properties the message has {encoded.Length:N0} bytes; the queue takes {options.MaxMessageBytes:N0}.");
            }

            queue.Modify(entry, encoded, facts);
        }

        return Kind switch
        {
            SettlementKind.Complete => queue.Complete(token, now),
            SettlementKind.Abandon => queue.Abandon(token, now),
            SettlementKind.Release => queue.Release(token, now),
            SettlementKind.Defer => queue.Defer(token, now),
            _ => queue.DeadLetter(token, Reason, Description, now),
        };
    }

    private static Settlement Buried(Error? error)
    {
        var info = Named(error?.Info);
        return new(SettlementKind.DeadLetter)
        {
            Changes = [.. info.Where(pair => pair.Key is not (ReasonKey or DescriptionKey))],
            Reason = Text(ReasonKey) ?? error?.Condition,
            Description = Text(DescriptionKey) ?? error?.Description,
        };

        string? Text(string key) => info.FirstOrDefault(pair => pair.Key == key).Value as string;
    }

    // Clients write the keys as strings or as symbols; the indexers of the library take only one of them.
    private static List<KeyValuePair<string, object>> Named(object? map) => map is IEnumerable<KeyValuePair<object, object>> pairs
        ? [.. pairs.Select(pair => KeyValuePair.Create($"{pair.Key}", pair.Value))]
        : [];
}
