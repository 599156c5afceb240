using System.ComponentModel;
using System.Diagnostics;

namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>Runs scripts with packages from npm, which are installed in pinned versions on first use.</summary>
internal static class Node
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>Whether Node.js is installed.</summary>
    public static async Task<bool> IsThereAsync()
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

    /// <summary>Runs a script of a folder that has a package-lock.json, and returns what it wrote.</summary>
    /// <param name="scripts">The folder of the scripts.</param>
    /// <param name="script">The script's file.</param>
    /// <param name="kept">The name of the folder in which the packages stay installed.</param>
    /// <param name="environment">What the script is told.</param>
    public static async Task<string> RunAsync(string scripts, string script, string kept, Dictionary<string, string> environment) =>
        await RunAsync("node", [script], await InstallAsync(scripts, kept), environment);

    private static async Task<string> InstallAsync(string scripts, string kept)
    {
        var folder = Repository.Kept(kept);
        var wanted = await File.ReadAllTextAsync(Path.Combine(scripts, "package-lock.json"));
        var mark = Path.Combine(folder, "installed");
        foreach (var file in Directory.GetFiles(scripts))
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
        limit.CancelAfter(Patience);
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
