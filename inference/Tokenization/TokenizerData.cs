using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Inference.Tokenization;

/// <summary>What a model file says of its tokenizer; kept beside an imported model as <c>vocabulary.json</c>.</summary>
public sealed record TokenizerData
{
    public const string FileName = "vocabulary.json";

    /// <summary>The kind of tokenizer, GGUF's <c>tokenizer.ggml.model</c>: <c>gpt2</c> is byte-level BPE.</summary>
    public required string Model { get; init; }

    /// <summary>How text is cut into words before merging, GGUF's <c>tokenizer.ggml.pre</c>.</summary>
    public required string PreTokenizer { get; init; }

    /// <summary>Each token's text, by id.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Each token's <see cref="TokenType"/>, by id.</summary>
    public required IReadOnlyList<int> TokenTypes { get; init; }

    /// <summary>Pairs of tokens that merge, separated by a space, the most urgent first.</summary>
    public required IReadOnlyList<string> Merges { get; init; }

    public int? Bos { get; init; }

    public int? Eos { get; init; }

    public int? Unknown { get; init; }

    public int? Padding { get; init; }

    public bool AddBos { get; init; }

    public bool AddSpacePrefix { get; init; }

    /// <summary>Reads the file in a model's folder.</summary>
    /// <exception cref="TokenizerException">The file is missing or is not what was written.</exception>
    public static TokenizerData Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, TokenizerJson.Default.TokenizerData)
                ?? throw new TokenizerException($"{path} is empty; remove the folder and import the model again.");
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new TokenizerException($"{path} cannot be read ({error.Message}); remove the folder and import the model again.", error);
        }
    }

    public void Save(string folder)
    {
        using var stream = File.Create(Path.Combine(folder, FileName));
        JsonSerializer.Serialize(stream, this, TokenizerJson.Default.TokenizerData);
    }
}

/// <summary>What a token is for; the numbers are GGUF's.</summary>
public enum TokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

[JsonSerializable(typeof(TokenizerData))]
internal sealed partial class TokenizerJson : JsonSerializerContext;
