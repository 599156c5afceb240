using System.Diagnostics;

namespace Serverless.Bench.Stack;

internal static class ChildProcess
{
    /// <summary>Starts a .NET assembly with its output redirected.</summary>
    public static Process Start(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("The system started no process.");
    }
}
