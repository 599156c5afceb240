using System.Text.RegularExpressions;

namespace Serverless.Docs.Tests;

/// <summary>docs/configuration.md says of each setting what the code says.</summary>
public sealed partial class ConfigurationTests
{
    // A row's key, and its default without the unit that may follow; null where the row says "none".
    private readonly ILookup<string, string?> _documented =
        Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md")))
            .ToLookup(row => row.Groups["key"].Value, row => row.Groups["default"] is { Success: true } given ? given.Value : null);

    private readonly Setting[] _settings = [.. Setting.OfSections(), .. Setting.OfCommandLine()];

    [Fact]
    public void EverySettingIsDocumentedOnce() =>
        Assert.Empty(_settings.Where(setting => _documented[setting.Key].Count() != 1).Select(setting => setting.Key));

    [Fact]
    public void EveryDocumentedSettingExists() =>
        Assert.Empty(_documented.Select(row => row.Key).Except(_settings.Select(setting => setting.Key)));

    [Fact]
    public void EveryDocumentedDefaultIsTheCodes() =>
        Assert.Empty(
            from setting in _settings
            from documented in _documented[setting.Key]
            where !setting.HasDefault(documented)
            select (setting.Key, Code: setting.Default, Page: documented));

    [GeneratedRegex(@"^\| `(?<key>\w+:\w+|--[\w-]+)` \| (?:none|`(?<default>[^`]+)`[^|`]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
