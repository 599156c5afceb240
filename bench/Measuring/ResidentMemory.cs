using System.Diagnostics;

namespace Serverless.Bench.Measuring;

internal static class ResidentMemory
{
    /// <summary>What a process has in memory, mapped files that it touched included, in MB of 2^20 bytes.</summary>
    public static double Megabytes(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / (double)(1 << 20);
    }
}
