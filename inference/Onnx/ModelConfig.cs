using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Inference.Onnx;

/// <summary>What an imported model is: the content of <c>config.json</c> in its folder.</summary>
public sealed record ModelConfig
{
    /// <summary>The file in a model's folder that holds this record.</summary>
    public const string FileName = "config.json";

    public required string Name { get; init; }

    public required string Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    /// <summary>Number of logits per row.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The longest sequence in tokens, prompt and completion together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Element type of the key/value cache: <c>bf16</c> or <c>f32</c>.</summary>
    public required string CacheType { get; init; }

    /// <summary><c>int8</c> or <c>float32</c>.</summary>
    public required string Precision { get; init; }

    public int? BosToken { get; init; }

    /// <summary>Tokens that end a completion; may be empty.</summary>
    public required IReadOnlyList<int> EosTokens { get; init; }

    /// <summary>Whether a prompt starts with <see cref="BosToken"/> of its own accord.</summary>
    public required bool AddBos { get; init; }

    /// <summary>The Jinja template that turns messages into a prompt, where the file has one.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>SHA-256 of the GGUF file, lower-case hexadecimal.</summary>
    public required string Digest { get; init; }

    /// <summary>Number of weights.</summary>
    public required long Parameters { get; init; }

    /// <summary>Version of the imported form; another version is imported anew.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Reads the configuration in a model's folder; throws <see cref="ImportException"/> where it cannot be used.</summary>
    public static ModelConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ModelConfigJson.Default.ModelConfig)
                ?? throw new ImportException($"'{path}' holds no configuration; delete the folder and import the model again.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ImportException($"'{path}' cannot be read ({error.Message}); delete the folder and import the model again.", error);
        }
    }

    internal void Save(string folder) =>
        File.WriteAllBytes(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, ModelConfigJson.Default.ModelConfig));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ModelConfig))]
internal sealed partial class ModelConfigJson : JsonSerializerContext;
