using System.Diagnostics;
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
        if (await IsThereAsync())
        {
            var folder = await InstallAsync();
            var output = await RunAsync("node", ["conformance.mjs"], folder, new()
            {
                ["BASE_URL"] = new Uri(fixture.Server.Address, "/v1").ToString(),
                ["API_KEY"] = RunningServer.AdministratorKey,
            });
            _results = JsonDocument.Parse(output).RootElement;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static async Task<bool> IsThereAsync()
    {
        try
        {
            await RunAsync("node", ["--version"], AppContext.BaseDirectory, []);
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    internal static async Task<string> InstallAsync()
    {
        var folder = Repository.Kept("test-node");
        var wanted = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "js", "package-lock.json"));
        var mark = Path.Combine(folder, "installed");
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "js")))
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

    internal static async Task<string> RunAsync(string program, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
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
