using System.Text.Json;
using Serverless.Inference.Gguf;
using Serverless.Inference.Templates;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Templates;

/// <summary>
/// Well-known models' templates, each case as Jinja renders it. Other projects' templates are not part of the
/// repository: where their file is not at hand, the shipped model's template is the only one.
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

    private static string? Compare(ChatTemplate template, JsonElement file, JsonElement result)
    {
        string? actual = null;
        TemplateException? error = null;
        try
        {
            actual = template.Render(InputOf(file, file.GetProperty("cases").GetProperty(result.GetProperty("case").GetString()!))).Text;
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

    private static TemplateInput InputOf(JsonElement file, JsonElement given)
    {
        var variables = given.EnumerateObject()
            .Where(property => property.Name is not ("messages" or "tools" or "add_generation_prompt"))
            .ToDictionary(property => property.Name, property => property.Value);
        return new()
        {
            Messages = given.GetProperty("messages"),
            Tools = given.TryGetProperty("tools", out var tools) ? tools : null,
            AddGenerationPrompt = given.TryGetProperty("add_generation_prompt", out var adds) && adds.GetBoolean(),
            BosToken = file.GetProperty("bos_token").GetString(),
            EosToken = file.GetProperty("eos_token").GetString(),
            Now = DateTimeOffset.Parse(
                file.GetProperty("now").GetString()! + "Z", System.Globalization.CultureInfo.InvariantCulture),
            Variables = variables,
        };
    }

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
            : Path.Combine(FixtureFolder.RepositoryRoot, "tests", "fixtures", "shipped-chat-template.json");
    }
}
