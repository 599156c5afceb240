namespace Serverless.Core.Queue.ServiceBus;

/// <summary>Makes the tokens that a link needs.</summary>
internal interface ITokenSource
{
    ValueTask<Token> GetAsync(string audience, CancellationToken cancellationToken);
}
