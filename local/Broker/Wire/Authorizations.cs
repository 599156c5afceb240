using System.Runtime.CompilerServices;
using Amqp;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Broker.Wire;

/// <summary>Which connections have shown a token signed with the broker's key, and until when.</summary>
internal sealed class Authorizations(BrokerCore broker)
{
    private readonly ConditionalWeakTable<Connection, StrongBox<DateTimeOffset>> _until = [];

    /// <summary>Answers <c>put-token</c>.</summary>
    public Response Answer(Connection connection, Message request)
    {
        if (request.ApplicationProperties?["operation"] as string != "put-token")
        {
            throw new BrokerStateException(BrokerStateException.NotImplemented, "$cbs knows only the operation 'put-token'.");
        }

        if (!broker.Options.RequireKey)
        {
            return new(202, "Accepted");
        }

        if (request.Body is not string token || SasToken.Verify(token, broker.Key, broker.Time.GetUtcNow()) is not { } end)
        {
            throw new BrokerStateException(
                BrokerStateException.Unauthorized,
                $"The token is not a shared access signature of this broker's key '{BrokerKey.Name}', or it is over. Use the connection string that the broker printed.");
        }

        _until.AddOrUpdate(connection, new(end));
        return new(202, "Accepted");
    }

    /// <exception cref="BrokerStateException">The connection has shown no token that still holds.</exception>
    public void Demand(Connection connection)
    {
        if (broker.Options.RequireKey && !(_until.TryGetValue(connection, out var until) && until.Value > broker.Time.GetUtcNow()))
        {
            throw new BrokerStateException(BrokerStateException.Unauthorized, "Put a token on $cbs before opening links.");
        }
    }
}
