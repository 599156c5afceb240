namespace Serverless.Docs.Tests;

internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The README, where there is one, and every page of docs/.</summary>
    public static IReadOnlyList<string> Documents { get; } =
        [.. Directory.GetFiles(Root, "README.md"), .. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md")];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} has Serverless.sln.");
        }

        return folder.FullName;
    }
}
