using System.Text.Json;

namespace Serverless.Functions.Tests.Sdk;

/// <summary>Runs <c>conformance.mjs</c> once; OpenAI's package is installed on first use.</summary>
public sealed class NodeRun(OneProcess fixture) : IAsyncLifetime
{
    private JsonElement _results;

    public ApiClient Api => fixture.Server.Api;

    public JsonElement this[string name]
    {
        get
        {
            Assert.SkipWhen(_results.ValueKind == JsonValueKind.Undefined, "Node.js is not installed.");
            return _results.GetProperty(name);
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (await Node.IsThereAsync())
        {
            var output = await Node.RunAsync(Path.Combine(AppContext.BaseDirectory, "js"), "conformance.mjs", "test-node", new()
            {
                ["BASE_URL"] = new Uri(fixture.Server.Address, "/v1").ToString(),
                ["API_KEY"] = RunningServer.AdministratorKey,
            });
            _results = JsonDocument.Parse(output).RootElement;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
