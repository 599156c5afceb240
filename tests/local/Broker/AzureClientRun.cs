using System.ComponentModel;
using System.Diagnostics;
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
        if (!await IsThereAsync())
        {
            return;
        }

        var folder = await InstallAsync();
        await using var host = await BrokerHost.StartAsync(options => (options.CreateQueues, options.MaxMessageBytes) = (false, 65_536));
        await using var hasty = await BrokerHost.StartAsync(options => options.LockDuration = TimeSpan.FromSeconds(1));
        var output = await RunAsync("node", ["conformance.mjs"], folder, new()
        {
            ["BROKER"] = host.Broker.ConnectionString,
            ["SHORT_LOCKS"] = hasty.Broker.ConnectionString,
        });
        _results = JsonDocument.Parse(output).RootElement;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<bool> IsThereAsync()
    {
        try
        {
            await RunAsync("node", ["--version"], AppContext.BaseDirectory, []);
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static async Task<string> InstallAsync()
    {
        var folder = Repository.Kept("test-node-service-bus");
        var wanted = await File.ReadAllTextAsync(Path.Combine(Scripts, "package-lock.json"));
        var mark = Path.Combine(folder, "installed");
        foreach (var file in Directory.GetFiles(Scripts))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        if (!File.Exists(mark) || await File.ReadAllTextAsync(mark) != wanted)
        {
            await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund"], folder, []);
            await File.WriteAllTextAsync(mark, wanted);
        }

        return folder;
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(180));
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} failed: {await errors}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
