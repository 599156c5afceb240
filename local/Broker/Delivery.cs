using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker;

/// <summary>One handing out of a message, as it was at that moment.</summary>
internal sealed record Delivery(Entry Entry, int Count, Guid LockToken, DateTimeOffset LockedUntil);
