using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker;

/// <summary>One handing out of a message, as it was at that moment; <see cref="LockedUntil"/> is null where nothing is locked.</summary>
internal sealed record Delivery(Entry Entry, byte[] Encoded, int Count, Guid LockToken, DateTimeOffset? LockedUntil);
