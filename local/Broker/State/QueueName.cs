using System.Text.RegularExpressions;

namespace Serverless.Local.Broker.State;

/// <summary>Service Bus's rules for the names of queues: 1 to 260 characters, compared without case.</summary>
internal static partial class QueueName
{
    public const string DeadLetterSuffix = "/$deadletterqueue";

    /// <summary>The one form under which a queue is kept.</summary>
    /// <exception cref="BrokerStateException">The name is not valid, or not among those declared.</exception>
    public static string Normalize(string name, BrokerOptions options)
    {
        var lower = name.Trim('/').ToLowerInvariant();
        var parent = Parent(lower);
        if (parent.Length > 260 || !Valid().IsMatch(parent))
        {
            throw new BrokerStateException(
                BrokerStateException.NotFound,
                $"The messaging entity '{parent}' could not be found: a queue's name has 1 to 260 letters, digits, '.', '-', '_' or '/', and starts and ends with a letter or digit.");
        }

        if (!options.CreateQueues && !options.Queues.Any(pattern => Matches(pattern, parent)))
        {
            throw new BrokerStateException(BrokerStateException.NotFound, $"The messaging entity '{parent}' could not be found: there is no such queue. Declare it in Broker:Queues.");
        }

        return lower;
    }

    public static bool IsDeadLetter(string name) => name.EndsWith(DeadLetterSuffix, StringComparison.Ordinal);

    private static string Parent(string name) => IsDeadLetter(name) ? name[..^DeadLetterSuffix.Length] : name;

    private static bool Matches(string pattern, string name) => pattern.EndsWith('*')
        ? name.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)
        : string.Equals(name, pattern, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9._/-]*[a-z0-9])?\z")]
    private static partial Regex Valid();
}
