using System.Diagnostics;
using System.Globalization;
using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Onnx;

/// <summary>Imports of the shipped model in processes of their own.</summary>
public sealed class ImportProcessTests : IDisposable
{
    private const long MostMemory = 1_500_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly string _folder = Directory.CreateTempSubdirectory("import-process-").FullName;

    private string Cache => Path.Combine(_folder, "cache");

    [Fact]
    public async Task TwoProcessesAtOnceDoTheWorkOnceAndNeitherTakesMuchMemory()
    {
        using var one = Start("one");
        using var two = Start("two");
        await EndAsync(one);
        await EndAsync(two);

        string[][] logs = [await ReadAsync("one"), await ReadAsync("two")];
        Assert.Single(logs, log => log.Any(line => line.StartsWith("converting", StringComparison.Ordinal)));
        Assert.Single(Directory.GetDirectories(Cache));
        Assert.All(logs, log => Assert.InRange(long.Parse(log[^1], CultureInfo.InvariantCulture), 1, MostMemory));
    }

    [Fact]
    public async Task AKilledImportLeavesNothingThatLooksFinishedAndTheNextOneSucceeds()
    {
        using var killed = Start("killed");
        await UntilAsync(async () => (await ReadAsync("killed")).Any(line => line.Contains("layer 5", StringComparison.Ordinal)), killed);
        killed.Kill();
        await EndAsync(killed, expected: null);

        Assert.All(Directory.GetDirectories(Cache), folder => Assert.EndsWith(".partial", folder, StringComparison.Ordinal));

        using var next = Start("next");
        await EndAsync(next);
        Assert.DoesNotContain(Directory.GetDirectories(Cache), folder => folder.EndsWith(".partial", StringComparison.Ordinal));
        var model = await ModelCache.ImportAsync(FixtureFolder.ChatModel, Cache, new(), null, TestContext.Current.CancellationToken);
        Assert.Equal(Path.GetFileName(Directory.GetDirectories(Cache).Single()), Path.GetFileName(model.Folder));
        Assert.Equal(30, model.Config.Layers);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Process Start(string name) => ImportChild.Start(FixtureFolder.ChatModel, Cache, Log(name));

    private string Log(string name) => Path.Combine(_folder, name + ".log");

    private async Task<string[]> ReadAsync(string name)
    {
        if (!File.Exists(Log(name)))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(Log(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task EndAsync(Process process, int? expected = 0)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(expected is null || process.ExitCode == expected, $"The import ended with {process.ExitCode}.");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, Process process)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (!await condition())
        {
            Assert.False(process.HasExited, "The import ended before it could be killed.");
            await Task.Delay(1, limit.Token);
        }
    }
}
