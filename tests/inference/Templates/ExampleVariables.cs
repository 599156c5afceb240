using System.Text.Json;
using Serverless.Inference.Templates;

namespace Serverless.Inference.Tests.Templates;

/// <summary>The variables that the tests of single constructs render with.</summary>
internal static class ExampleVariables
{
    private static readonly Dictionary<string, JsonElement> Variables = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
        """
        {
          "words": ["pear", "Apple", "fig", "apple"],
          "numbers": [3, 1, 2, 3],
          "people": [
            { "name": "Ann", "age": 31, "city": "Oslo", "job": { "title": "cook" } },
            { "name": "bob", "age": 25, "city": "Rome", "job": { "title": "Baker" } },
            { "name": "Cid", "age": 25, "city": "oslo", "job": { "title": "actor" } }
          ],
          "tree": [{ "n": "a", "kids": [{ "n": "b", "kids": [{ "n": "c", "kids": [] }] }, { "n": "d", "kids": [] }] }],
          "text": "Hello, World",
          "blank": "",
          "nothing": null,
          "yes": true,
          "pi": 3.14159,
          "map": { "b": 1, "a": 2, "C": 3 },
          "rich": "naïve ß 🚀 ok",
          "markup": "<b>\"5\" > '3' & more</b>"
        }
        """)!;

    public static TemplateInput Input { get; } = Conversation("[]") with { Variables = Variables };

    public static string Render(string template) => ChatTemplate.Parse(template).Render(Input).Text;

    /// <summary>An input whose only variables are these messages.</summary>
    public static TemplateInput Conversation(string messages) => new()
    {
        Messages = JsonSerializer.Deserialize<JsonElement>(messages),
        Now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
}
