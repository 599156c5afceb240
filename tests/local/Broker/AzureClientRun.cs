using System.Text.Json;
using Serverless.Local.Tests.EndToEnd.Running;

namespace Serverless.Local.Tests.Broker;

/// <summary>Runs <c>js/conformance.mjs</c> once: Azure's own JavaScript client, which is installed on first use, against a broker.</summary>
public sealed class AzureClientRun : IAsyncLifetime
{
    private JsonElement _results;

    public static string Scripts { get; } = Path.Combine(AppContext.BaseDirectory, "Broker", "js");

    /// <summary>What became of a check: "passed", or its error.</summary>
    public string? this[string check]
    {
        get
        {
            Assert.SkipWhen(_results.ValueKind == JsonValueKind.Undefined, "Node.js is not installed.");
            return _results.GetProperty(check).GetString();
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (!await Node.IsThereAsync())
        {
            return;
        }

        await using var host = await BrokerHost.StartAsync(options => (options.CreateQueues, options.MaxMessageBytes) = (false, 65_536));
        await using var hasty = await BrokerHost.StartAsync(options => options.LockDuration = TimeSpan.FromSeconds(1));
        var output = await Node.RunAsync(Scripts, "conformance.mjs", "test-node-service-bus", new()
        {
            ["BROKER"] = host.Broker.ConnectionString,
            ["SHORT_LOCKS"] = hasty.Broker.ConnectionString,
        });
        _results = JsonDocument.Parse(output).RootElement;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
