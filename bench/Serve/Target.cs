namespace Serverless.Bench.Serve;

/// <summary>An OpenAI-compatible server to put under load.</summary>
/// <param name="Label">What its rows are called by; empty for our own.</param>
/// <param name="Address">The address of the server, with or without <c>/v1</c>.</param>
/// <param name="ApiKey">Sent as the bearer token when there is one.</param>
/// <param name="Model">The model's name there.</param>
internal sealed record Target(string Label, Uri Address, string? ApiKey, string Model)
{
    public Uri Chat
    {
        get
        {
            var text = Address.ToString().TrimEnd('/');
            return new(text.EndsWith("/v1", StringComparison.Ordinal) ? $"{text}/chat/completions" : $"{text}/v1/chat/completions");
        }
    }
}
