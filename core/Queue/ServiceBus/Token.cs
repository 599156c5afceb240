namespace Serverless.Core.Queue.ServiceBus;

/// <summary>A token for <c>put-token</c>, and when it ends.</summary>
internal sealed record Token(string Value, string Kind, DateTimeOffset ExpiresAt);
