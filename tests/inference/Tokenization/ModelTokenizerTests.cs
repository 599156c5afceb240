using System.Text.Json;
using Serverless.Inference.Tests.Fixtures;
using Serverless.Inference.Tests.Npm;
using Serverless.Inference.Tokenization;

namespace Serverless.Inference.Tests.Tokenization;

/// <summary>Tokenizers of well-known models, read from their packages, against the ids that their own code gives.</summary>
public sealed class ModelTokenizerTests
{
    [Theory]
    [InlineData("llama3_1", "llama-bpe")]
    [InlineData("qwen3", "qwen2")]
    [InlineData("qwen3", "deepseek-r1-qwen")]
    [InlineData("deepseek_v3", "deepseek-v3")]
    public async Task EveryReferenceTextGivesItsIdsAndComesBack(string model, string preTokenizer)
    {
        var tokenizer = Tokenizer.Create(await ReadAsync(model, preTokenizer));
        using var document = JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.File("tokenizers.json")));
        var cases = document.RootElement.EnumerateArray().Where(item => item.GetProperty("ids").TryGetProperty(model, out _)).ToArray();
        Assert.NotEmpty(cases);

        foreach (var item in cases)
        {
            // Where decoding gives another text, the reference has brought the text to Unicode's form C first; we take texts as they come.
            var decoded = item.GetProperty("decoded").GetProperty(model);
            var text = decoded.ValueKind == JsonValueKind.True ? item.GetProperty("text").GetString()! : decoded.GetString()!;
            var expected = item.GetProperty("ids").GetProperty(model).EnumerateArray().Select(id => id.GetInt32()).ToArray();

            Assert.Equal(expected, tokenizer.Encode(new PromptText(text, [])));
            Assert.Equal(text, tokenizer.Decode(expected));
        }
    }

    private static async Task<TokenizerData> ReadAsync(string model, string preTokenizer)
    {
        using var file = JsonDocument.Parse(await File.ReadAllBytesAsync(await ModelPackages.FileAsync(model, "tokenizer.json")));
        var vocabulary = file.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Value.GetInt32(), token => token.Name);
        var added = file.RootElement.GetProperty("added_tokens").EnumerateArray().ToDictionary(
            token => token.GetProperty("id").GetInt32(), token => (Text: token.GetProperty("content").GetString()!, Special: token.GetProperty("special").GetBoolean()));
        var ids = Enumerable.Range(0, vocabulary.Keys.Concat(added.Keys).Max() + 1).ToArray();
        return new()
        {
            Model = "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = [.. ids.Select(id => added.TryGetValue(id, out var token) ? token.Text : vocabulary.GetValueOrDefault(id, $"[unused {id}]"))],
            TokenTypes = [.. ids.Select(id => (int)(added.TryGetValue(id, out var token) ? token.Special ? TokenType.Control : TokenType.UserDefined : TokenType.Normal))],
            Merges = [.. file.RootElement.GetProperty("model").GetProperty("merges").EnumerateArray().Select(pair => pair.ValueKind == JsonValueKind.String ? pair.GetString()! : $"{pair[0]} {pair[1]}")],
        };
    }
}
