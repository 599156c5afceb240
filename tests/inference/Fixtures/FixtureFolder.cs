namespace Serverless.Inference.Tests.Fixtures;

/// <summary>Finds the test data: the folder in <c>FIXTURES</c>, else <c>tests/fixtures</c> of the repository.</summary>
internal static class FixtureFolder
{
    public static string RepositoryRoot { get; } = FindRoot();

    public static string Path { get; } =
        Environment.GetEnvironmentVariable("FIXTURES") is { Length: > 0 } folder
            ? folder
            : System.IO.Path.Combine(RepositoryRoot, "tests", "fixtures");

    public static string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The shipped chat model's GGUF.</summary>
    public static string ChatModel { get; } = System.IO.Path.Combine(
        RepositoryRoot, "models", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Serverless.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("Serverless.sln was not found above the test binaries.");
    }
}
