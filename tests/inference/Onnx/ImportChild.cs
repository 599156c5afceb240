using System.Diagnostics;
using System.Globalization;
using Serverless.Inference.Onnx;

namespace Serverless.Inference.Tests.Onnx;

/// <summary>An import in a process of its own, which can be killed and whose memory is its own.</summary>
/// <remarks>The process is this test program, told to run one test that otherwise never runs.</remarks>
public sealed class ImportChild
{
    private const string Variable = "IMPORT_CHILD";

    /// <summary>Starts a process that imports a model and writes to a file: a line for each step it begins, then its peak memory in bytes.</summary>
    internal static Process Start(string model, string cache, string log)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Serverless.Inference.Tests.dll");
        var start = new ProcessStartInfo("dotnet", [program, "-method", $"{typeof(ImportChild).FullName}.{nameof(Import)}", "-explicit", "only"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = string.Join('\n', model, cache, log);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    [Fact(Explicit = true)]
    public async Task Import()
    {
        var parts = Environment.GetEnvironmentVariable(Variable)?.Split('\n');
        Assert.SkipWhen(parts is null, "Only a test that starts a process runs this.");
        await using var log = new StreamWriter(new FileStream(parts![2], FileMode.Create, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

        await ModelCache.ImportAsync(parts[0], parts[1], new(), new Lines(log), TestContext.Current.CancellationToken);

        using var self = Process.GetCurrentProcess();
        await log.WriteLineAsync(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class Lines(TextWriter log) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value)
        {
            lock (log)
            {
                log.WriteLine(value.Activity);
            }
        }
    }
}
