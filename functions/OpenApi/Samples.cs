namespace Serverless.Functions.OpenApi;

/// <summary>Example bodies for the API's description, so that its page has something to send at once.</summary>
internal static class Samples
{
    public const string Chat =
        """{"model":"smollm2-135m-instruct","messages":[{"role":"user","content":"Why is the sky blue?"}],"max_tokens":64}""";

    public const string Completion =
        """{"model":"smollm2-135m-instruct","prompt":"The capital of France is","max_tokens":16,"temperature":0}""";

    public const string Webhook = """{"url":"https://example.com/webhooks","events":["job.succeeded","job.failed"],"payload":"thin"}""";

    public const string WebhookChange = """{"events":["job.failed"],"enabled":true}""";

    public const string WebhookRotation = """{"overlap_seconds":3600}""";

    public const string Key = """{"name":"my application","tenant":"default"}""";
}
