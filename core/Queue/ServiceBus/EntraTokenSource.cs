using Azure.Core;
using Azure.Identity;

namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Asks Entra for tokens of the process's identity.</summary>
internal sealed class EntraTokenSource(TokenCredential credential) : ITokenSource
{
    private static readonly string[] Scopes = ["https://servicebus.azure.net/.default"];

    public async ValueTask<Token> GetAsync(string audience, CancellationToken cancellationToken)
    {
        try
        {
            var token = await credential.GetTokenAsync(new TokenRequestContext(Scopes), cancellationToken);
            return new(token.Token, "jwt", token.ExpiresOn);
        }
        catch (AuthenticationFailedException error)
        {
            throw new QueueException(QueueFailure.Unauthorized, $"No Entra token for Service Bus: {error.Message}", error);
        }
    }
}
