namespace Serverless.Local.Tests.EndToEnd.Running;

/// <summary>Where the build put the executables of the system under test.</summary>
internal static class Repository
{
    // artifacts/bin/{project}/{configuration}/ is the layout of every project's output.
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static readonly DirectoryInfo Artifacts = Output.Parent!.Parent!.Parent!;

    public static string Root => Artifacts.Parent!.FullName;

    /// <summary>A folder that outlives a test run and that git ignores.</summary>
    public static string Kept(string name) => Directory.CreateDirectory(Path.Combine(Artifacts.FullName, name)).FullName;

    public static string Executable(string project, string name) =>
        Path.Combine(Artifacts.FullName, "bin", project, Output.Name, OperatingSystem.IsWindows() ? name + ".exe" : name);
}
