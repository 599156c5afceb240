using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Serverless.Bench.Measuring;
using Serverless.Bench.Stack;
using Serverless.Inference.Scheduling;

namespace Serverless.Bench.Engine;

/// <summary>Loads the model in a process of its own, which has nothing warm and nothing else in memory.</summary>
internal static class LoadProbe
{
    /// <summary>The hidden command that a child process runs.</summary>
    public const string Command = "load-probe";

    public static async IAsyncEnumerable<Row> MeasureAsync(int runs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (times, memories) = (new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            using var child = ChildProcess.Start(typeof(LoadProbe).Assembly.Location, [Command]);
            var output = await child.StandardOutput.ReadToEndAsync(cancellationToken);
            await child.WaitForExitAsync(cancellationToken);
            var figures = output.Split(' ', StringSplitOptions.TrimEntries);
            if (child.ExitCode != 0 || figures.Length != 2)
            {
                throw new InvalidOperationException($"The load probe ended with {child.ExitCode}: {output}");
            }

            times.Add(double.Parse(figures[0], CultureInfo.InvariantCulture));
            memories.Add(double.Parse(figures[1], CultureInfo.InvariantCulture));
        }

        yield return Row.Of("model load, cold process", "ms", times);
        yield return Row.Of("resident memory after load, before the cache", "MB", memories);
    }

    /// <summary>Prints the milliseconds of one load and the process's memory after it.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var model = await BenchModel.ImportAsync(cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        // The smallest cache there is: the figure is the model's.
        await using var engine = BenchModel.Load(model, new EngineOptions { CacheBytes = 1 << 20 }, _ => { });
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed:F1} {ResidentMemory.Megabytes(self):F1}"));
        return 0;
    }
}
