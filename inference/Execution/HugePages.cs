using System.Runtime.InteropServices;

namespace Serverless.Inference.Execution;

/// <summary>Asks Linux to back a range of memory by pages of 2 MiB where it can: a step then misses the address cache far less.</summary>
/// <remarks>Source: madvise(2), <c>MADV_HUGEPAGE</c>. It is advice only: refused, or on another system, the memory works as before.</remarks>
internal static partial class HugePages
{
    public const int Size = 2 << 20;
    private const int Advice = 14;

    /// <param name="address">A multiple of <see cref="Size"/>.</param>
    /// <param name="length">In bytes; what is left over after whole huge pages keeps small ones.</param>
    public static void Advise(nint address, nint length)
    {
        if (OperatingSystem.IsLinux() && length >= Size)
        {
            _ = AdviseMemory(address, (nuint)(length / Size * Size), Advice);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(nint address, nuint length, int advice);
}
