using System.Text.RegularExpressions;

namespace Serverless.Docs.Tests;

public sealed partial class PathTests
{
    [Fact]
    public void EveryRepositoryPathInTheDocumentsExists()
    {
        var paths = Repository.Documents.SelectMany(
            document => RepositoryPath().Matches(File.ReadAllText(document)),
            (document, match) => (Document: Path.GetFileName(document), Name: match.Groups["path"].Value)).ToArray();
        var missing = paths.Where(path => !Path.Exists(Path.Combine(Repository.Root, path.Name)));

        Assert.NotEmpty(paths);
        Assert.Empty(missing);
    }

    // In backticks, with a slash, and a folder or a file of a known kind; what git ignores is there only after a run.
    [GeneratedRegex(@"`(?!\.data/|artifacts/)(?<path>[\w.-]+/(?:[\w.-]+/)*(?:[\w.-]+\.(?:bicep|cs|csproj|gguf|js|json|md|mjs|onnx|props|sh|ts|txt|ya?ml))?)`")]
    private static partial Regex RepositoryPath();
}
