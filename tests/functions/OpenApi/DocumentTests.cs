using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Serverless.Functions.Tests.OpenApi;

/// <summary>The description that the running system gives of itself.</summary>
public sealed partial class DocumentTests(OneProcess fixture)
{
    private static readonly string[] _kinds = ["schemas", "headers"];

    private readonly ApiClient _api = fixture.Server.Api;

    [Fact]
    public async Task TheDocumentIsValidOpenApi()
    {
        var read = OpenApiDocument.Parse(await TextAsync(), "json", new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() });

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
    }

    [Fact]
    public async Task EveryReferenceLeadsSomewhereAndEveryComponentIsUsed()
    {
        var text = await TextAsync();
        var document = JsonDocument.Parse(text).RootElement;
        var referred = Reference().Matches(text).Select(match => match.Groups["path"].Value).ToHashSet();
        var schemas = new JsonSchema(document);

        Assert.All(referred, path => schemas.Resolve(JsonDocument.Parse($$"""{"$ref":"{{path}}"}""").RootElement));
        var unused = from kind in _kinds
                     from component in document.GetProperty("components").GetProperty(kind).EnumerateObject()
                     let path = $"#/components/{kind}/{component.Name}"
                     where !referred.Contains(path)
                     select path;
        Assert.Empty(unused);
    }

    [Fact]
    public async Task EveryRouteHasItsOwnNameAndSaysWhatItAnswers()
    {
        var operations = await OperationsAsync();

        Assert.Equal(operations.Count, operations.Select(operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations, operation =>
        {
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            var answers = operation.GetProperty("responses").EnumerateObject().ToArray();
            Assert.Contains(answers, answer => answer.Name.StartsWith('2'));
            var refused = Assert.Single(answers, answer => answer.Name == "default");
            Assert.EndsWith("/Error", refused.Value.GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString(), StringComparison.Ordinal);
            Assert.All(answers, answer => Assert.True(answer.Value.GetProperty("headers").TryGetProperty("x-request-id", out _)));
        });
    }

    [Fact]
    public async Task EveryBodyThatIsTakenNamesItsPropertiesAndHasAnExampleThatFits()
    {
        var schemas = new JsonSchema(JsonDocument.Parse(await TextAsync()).RootElement, isClosed: true);
        var bodies = (await OperationsAsync()).Where(operation => operation.TryGetProperty("requestBody", out _))
            .Select(operation => operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json")).ToArray();

        Assert.True(bodies.Length >= 3);
        Assert.All(bodies, body =>
        {
            Assert.NotEmpty(body.GetProperty("schema").GetProperty("properties").EnumerateObject());
            Assert.All(body.GetProperty("schema").GetProperty("properties").EnumerateObject(), property => Assert.NotEmpty(property.Value.GetProperty("description").GetString()!));
            Assert.Empty(schemas.Problems(body.GetProperty("schema"), body.GetProperty("example")));
        });
    }

    [Fact]
    public async Task TheExamplesOfTheReadmeAndTheDocsFit()
    {
        var document = JsonDocument.Parse(await TextAsync()).RootElement;
        var schemas = new JsonSchema(document, isClosed: true);
        string[] pages = [Path.Combine(Repository.Root, "README.md"), .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")];
        var examples = pages.SelectMany(page => Example().Matches(File.ReadAllText(page))).ToArray();

        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            var body = document.GetProperty("paths").GetProperty(example.Groups["path"].Value).GetProperty("post").GetProperty("requestBody");
            Assert.Empty(schemas.Problems(body.GetProperty("content").GetProperty("application/json").GetProperty("schema"), JsonDocument.Parse(example.Groups["body"].Value).RootElement));
        });
    }

    [Fact]
    public async Task TheDocumentNamesNoAddressOfAProxysInside()
    {
        var document = JsonDocument.Parse(await TextAsync()).RootElement;
        Assert.False(document.TryGetProperty("servers", out var servers) && servers.GetArrayLength() > 0);
        Assert.DoesNotContain("127.0.0.1", document.GetRawText(), StringComparison.Ordinal);
    }

    private async Task<string> TextAsync() => (await _api.GetAsync("/openapi/v1.json")).Text;

    private async Task<IReadOnlyList<JsonElement>> OperationsAsync() =>
        [.. JsonDocument.Parse(await TextAsync()).RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value)];

    // A command that sends a body: curl, the address, and what follows -d.
    [GeneratedRegex(@"curl [^\n]*?(?<path>/v1/[a-z/]+)(?:(?!curl )[\s\S])*?-d '(?<body>\{[^']*\})'")]
    private static partial Regex Example();

    [GeneratedRegex("\"\\$ref\": *\"(?<path>[^\"]+)\"")]
    private static partial Regex Reference();
}
