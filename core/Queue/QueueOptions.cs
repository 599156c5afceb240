using System.ComponentModel.DataAnnotations;

namespace Serverless.Core.Queue;

/// <summary>Which Service Bus namespace to use, and how patient to be with it.</summary>
public sealed class QueueOptions : IValidatableObject
{
    public const string Section = "Queue";

    /// <summary>A Service Bus connection string with its key. Exactly one of this and <see cref="Namespace"/> is set.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>A namespace's host name, such as <c>name.servicebus.windows.net</c>, used with the process's own Entra identity.</summary>
    public string? Namespace { get; set; }

    /// <summary>The client id of the user-assigned managed identity to use with <see cref="Namespace"/>; null is the default identity.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>How long one send or settlement may take, reconnecting included. The default is 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait before the first reconnection; it doubles, with jitter. The default is 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between reconnections. The default is 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(ConnectionString) == string.IsNullOrWhiteSpace(Namespace))
        {
            yield return new(
                $"Set either {Section}:{nameof(ConnectionString)} (with a key) or {Section}:{nameof(Namespace)} (with an Entra identity), and not both.",
                [nameof(ConnectionString), nameof(Namespace)]);
        }

        if (MaxReconnectDelay < ReconnectDelay)
        {
            yield return new(
                $"{Section}:{nameof(MaxReconnectDelay)} ({MaxReconnectDelay}) must be at least {Section}:{nameof(ReconnectDelay)} ({ReconnectDelay}).",
                [nameof(MaxReconnectDelay), nameof(ReconnectDelay)]);
        }
    }
}
