using Amqp.Types;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>The answer to a request on <c>$cbs</c> or <c>$management</c>.</summary>
internal sealed record Response(int Status, string Description, string? Condition = null, Map? Body = null)
{
    public static Response Refused(BrokerStateException refused) => refused.Condition switch
    {
        BrokerStateException.LockLost => new(410, refused.Message, refused.Condition),
        BrokerStateException.NotImplemented => new(501, refused.Message, refused.Condition),
        BrokerStateException.NotFound => new(404, refused.Message, refused.Condition),
        BrokerStateException.Unauthorized => new(401, refused.Message, refused.Condition),
        BrokerStateException.QuotaExceeded => new(403, refused.Message, refused.Condition),
        _ => new(400, refused.Message, refused.Condition),
    };
}
