using System.Runtime.InteropServices;

namespace Serverless.Core.Store;

/// <summary>Gives a file its place, unless another has it.</summary>
/// <remarks>
/// On Unix <see cref="File.Move(string, string)"/> looks first and renames then, and so replaces what came between the
/// two. link() does both in one step.
/// </remarks>
internal static partial class ExclusiveMove
{
    private const int NoSuchFolder = 2;
    private const int Exists = 17;

    /// <returns>False when there is a file already. The source may stay: it is the caller's to delete.</returns>
    /// <exception cref="DirectoryNotFoundException">The target's folder is not there.</exception>
    public static bool Try(string source, string target)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMove(source, target);
        }

        return (Link(source, target) == 0 ? 0 : Marshal.GetLastPInvokeError()) switch
        {
            0 => true,
            Exists => false,
            NoSuchFolder => throw new DirectoryNotFoundException($"The folder of '{target}' is not there."),
            var error => throw new IOException($"'{target}' could not be linked, which the store needs hard links for: {Marshal.GetPInvokeErrorMessage(error)}.", error),
        };
    }

    private static bool TryMove(string source, string target)
    {
        try
        {
            File.Move(source, target, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(target))
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string source, string target);
}
