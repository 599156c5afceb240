using Amqp.Listener;

namespace Serverless.Local.Broker.Wire;

/// <summary>The answering half of a request pair; answers go out settled, so nothing comes back.</summary>
internal sealed class ReplyEndpoint : LinkEndpoint
{
    public override void OnFlow(FlowContext flowContext)
    {
    }

    public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();
}
