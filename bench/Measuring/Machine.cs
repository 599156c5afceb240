using System.Runtime.InteropServices;

namespace Serverless.Bench.Measuring;

/// <summary>What a figure belongs to: no figure means anything without its machine.</summary>
internal sealed record Machine(string Cpu, int Cores, string Runtime, string Os, DateTimeOffset MeasuredAt)
{
    public static Machine Read(TimeProvider clock) => new(
        Processor(), Environment.ProcessorCount, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, clock.GetUtcNow());

    private static string Processor()
    {
        const string CpuInfo = "/proc/cpuinfo";
        var model = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model?.Split(':', 2)[1].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
