using Amqp;
using Amqp.Sasl;
using Amqp.Types;

namespace Serverless.Local.Broker.Wire;

/// <summary>Lets everyone in, since <c>$cbs</c> asks for the key later; the peer speaks first after that.</summary>
internal sealed class AnonymousSasl(string mechanism) : SaslProfile(new Symbol(mechanism))
{
    protected override ITransport UpgradeTransport(ITransport transport) => new SecondToSpeak((IAsyncTransport)transport);

    protected override DescribedList GetStartCommand(string hostname) => new SaslInit { Mechanism = Mechanism };

    protected override DescribedList? OnCommand(DescribedList command) => command is SaslInit ? new SaslOutcome { Code = SaslCode.Ok } : null;
}
