using System.Text.Json;
using Serverless.Inference.Gguf;
using Serverless.Inference.Templates;
using Serverless.Inference.Tests.Fixtures;
using Serverless.Inference.Tests.Npm;

namespace Serverless.Inference.Tests.Templates;

/// <summary>
/// Well-known models' templates, each case as Jinja renders it. Other projects' templates are not part of the
/// repository: where their file is not at hand, the shipped model's template is compared with Jinja, and those in the
/// npm packages with another interpreter. Each construct alone is the business of the other classes here.
/// </summary>
public sealed class ChatTemplatesOfModelsTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryCaseOfEveryTemplateRendersAsJinjaDoes()
    {
        var path = FindFile();
        output.WriteLine($"templates from {path}");
        using var file = JsonDocument.Parse(File.ReadAllText(path));
        var failures = new List<string>();
        var count = 0;
        foreach (var template in file.RootElement.GetProperty("templates").EnumerateArray())
        {
            var compiled = ChatTemplate.Parse(SourceOf(template));
            foreach (var result in template.GetProperty("results").EnumerateArray())
            {
                count++;
                var problem = Compare(compiled, file.RootElement, result);
                if (problem is not null)
                {
                    failures.Add($"{template.GetProperty("template")} / {result.GetProperty("case")}: {problem}");
                }
            }
        }

        output.WriteLine($"{count} cases");
        Assert.True(count > 0, $"{path} holds no cases");
        Assert.True(failures.Count == 0, $"{failures.Count} of {count} differ\n{string.Join('\n', failures)}");
    }

    [Theory]
    [InlineData("deepseek_v3")]
    [InlineData("gemma3")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    public async Task ATemplateInANpmPackageRendersAsAnotherInterpreterDoes(string package)
    {
        var path = await ModelPackages.FileAsync(package, "tokenizer_config.json");
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Shipped, TestContext.Current.CancellationToken));
        using var config = JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        using var rendered = JsonDocument.Parse(await ModelPackages.RunAsync("render.mjs", path, Shipped));
        var source = config.RootElement.GetProperty("chat_template").GetString()!;
        var template = ChatTemplate.Parse(source);

        // A template that never asks whether content is text has no answer for a list, and each interpreter another error.
        var results = rendered.RootElement.EnumerateArray()
            .Where(result => result.GetProperty("case").GetString() != "content-parts" || source.Contains("is string", StringComparison.Ordinal)).ToArray();

        Assert.InRange(results.Length, file.RootElement.GetProperty("cases").EnumerateObject().Count() - 1, int.MaxValue);
        Assert.Contains(results, result => result.TryGetProperty("expected", out _));
        Assert.All(results, result => Assert.True(
            Compare(template, file.RootElement, result, config.RootElement) is null,
            $"{result.GetProperty("case")}: {Compare(template, file.RootElement, result, config.RootElement)}"));
    }

    private static string Shipped => Path.Combine(FixtureFolder.RepositoryRoot, "tests", "fixtures", "shipped-chat-template.json");

    private static string? Compare(ChatTemplate template, JsonElement file, JsonElement result, JsonElement? config = null)
    {
        string? actual = null;
        TemplateException? error = null;
        try
        {
            actual = template.Render(InputOf(file, file.GetProperty("cases").GetProperty(result.GetProperty("case").GetString()!), config ?? file)).Text;
        }
        catch (TemplateException refused)
        {
            error = refused;
        }

        if (result.TryGetProperty("error", out var expectedError))
        {
            return error is null ? $"expected the error '{expectedError}', got {actual}"
                : error.Fault == TemplateFault.Raised && error.Reason != expectedError.GetString() ? $"raised {error.Reason}, not {expectedError}"
                : null;
        }

        var expected = result.GetProperty("expected").GetString();
        return error is not null ? error.Message : actual == expected ? null : $"expected\n{expected}\ngot\n{actual}";
    }

    private static TemplateInput InputOf(JsonElement file, JsonElement given, JsonElement tokens)
    {
        var variables = given.EnumerateObject()
            .Where(property => property.Name is not ("messages" or "tools" or "add_generation_prompt"))
            .ToDictionary(property => property.Name, property => property.Value);
        return new()
        {
            Messages = given.GetProperty("messages"),
            Tools = given.TryGetProperty("tools", out var tools) ? tools : null,
            AddGenerationPrompt = given.TryGetProperty("add_generation_prompt", out var adds) && adds.GetBoolean(),
            BosToken = Token(tokens.GetProperty("bos_token")),
            EosToken = Token(tokens.GetProperty("eos_token")),
            Now = DateTimeOffset.Parse(
                file.GetProperty("now").GetString()! + "Z", System.Globalization.CultureInfo.InvariantCulture),
            Variables = variables,
        };
    }

    // A package writes a token as its text or as an object with it.
    private static string? Token(JsonElement token) => token.ValueKind == JsonValueKind.Object ? token.GetProperty("content").GetString() : token.GetString();

    // The shipped model's template is read from the model itself.
    private static string SourceOf(JsonElement template)
    {
        if (template.TryGetProperty("source", out var source))
        {
            return source.GetString()!;
        }

        using var model = GgufFile.Open(FixtureFolder.ChatModel);
        return model.Metadata.Text("tokenizer.chat_template");
    }

    private static string FindFile()
    {
        const string Name = "chat-templates.json";
        var shared = Path.Combine(FixtureFolder.RepositoryRoot, "..", "shared", "fixtures", Name);
        return File.Exists(FixtureFolder.File(Name)) ? FixtureFolder.File(Name)
            : File.Exists(shared) ? shared
            : Shipped;
    }
}
