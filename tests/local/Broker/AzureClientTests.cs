using System.Text.RegularExpressions;

namespace Serverless.Local.Tests.Broker;

/// <summary>Azure's own JavaScript client works against the broker as against Service Bus.</summary>
public sealed partial class AzureClientTests(AzureClientRun run) : IClassFixture<AzureClientRun>
{
    /// <summary>The names of all checks of the script.</summary>
    public static TheoryData<string> Checks { get; } =
        [.. Check().Matches(File.ReadAllText(Path.Combine(AzureClientRun.Scripts, "conformance.mjs"))).Select(check => check.Groups["name"].Value)];

    [Theory]
    [MemberData(nameof(Checks))]
    public void AzuresClientFindsThat(string check) => Assert.True(run[check] == "passed", run[check]);

    [GeneratedRegex(@"^await check\(""(?<name>[^""]+)""", RegexOptions.Multiline)]
    private static partial Regex Check();
}
