using System.Security.Cryptography.X509Certificates;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.Broker.Wire;

/// <summary>Leaves incoming messages encoded, and hands each new link to one processor.</summary>
internal sealed class BrokerContainer : IContainer
{
    private readonly ContainerHost _host = new([new Address("amqp://127.0.0.1:1")]);

    public BrokerContainer(ILinkProcessor links) => _host.RegisterLinkProcessor(links);

    public X509Certificate2 ServiceCertificate => throw new InvalidOperationException("The broker listens without TLS, on loopback only.");

    public IDictionary<string, TransportProvider> CustomTransports { get; } = new Dictionary<string, TransportProvider>();

    public Message CreateMessage(ByteBuffer buffer) => new RawMessage(MessageEncoding.Bytes(buffer));

    public Link CreateLink(ListenerConnection connection, ListenerSession session, Attach attach) =>
        ((IContainer)_host).CreateLink(connection, session, attach);

    public bool AttachLink(ListenerConnection connection, ListenerSession session, Link link, Attach attach) =>
        ((IContainer)_host).AttachLink(connection, session, link, attach);
}
