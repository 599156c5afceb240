using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Stack;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Onnx;

namespace Serverless.Bench.Start;

/// <summary>Imports the shipped model into an empty folder, each time in a process of its own.</summary>
internal static class ImportProbe
{
    /// <summary>The hidden command that a child process runs.</summary>
    public const string Command = "import-probe";

    public static async IAsyncEnumerable<Row> MeasureAsync(int runs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (times, memories) = (new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            using var child = ChildProcess.Start(typeof(ImportProbe).Assembly.Location, [Command]);
            var output = await child.StandardOutput.ReadToEndAsync(cancellationToken);
            await child.WaitForExitAsync(cancellationToken);
            var figures = output.Split(' ', StringSplitOptions.TrimEntries);
            if (child.ExitCode != 0 || figures.Length != 2)
            {
                throw new InvalidOperationException($"The import probe ended with {child.ExitCode}: {output}");
            }

            times.Add(double.Parse(figures[0], CultureInfo.InvariantCulture));
            memories.Add(double.Parse(figures[1], CultureInfo.InvariantCulture));
        }

        yield return Row.Of("import of the shipped model", "s", times);
        yield return Row.Of("peak memory of the import", "MB", memories);
    }

    /// <summary>Prints the seconds of one import and the process's peak memory.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new DataFolder();
        var begun = Stopwatch.GetTimestamp();
        await ModelCache.ImportAsync(ModelCatalog.FindFile(BenchModel.Name), folder.Path, new ImportOptions(), progress: null, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed:F2} {self.PeakWorkingSet64 / (double)(1 << 20):F0}"));
        return 0;
    }
}
