using Amqp;

namespace Serverless.Local.Broker.Wire;

/// <summary>A message on its way in, as its sender encoded it.</summary>
internal sealed class RawMessage(byte[] encoded) : Message
{
    public byte[] Encoded { get; } = encoded;
}
