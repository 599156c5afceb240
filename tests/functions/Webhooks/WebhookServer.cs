namespace Serverless.Functions.Tests.Webhooks;

/// <summary>The system with receivers on this machine allowed, and quick first retries.</summary>
public sealed class WebhookServer : ServerFixture
{
    protected override Dictionary<string, string> Settings => new()
    {
        ["Webhooks__AllowPrivateNetworks"] = "true",
        ["Webhooks__FirstRetry"] = "00:00:01",
        ["Webhooks__MaxEndpoints"] = "5",
    };
}
