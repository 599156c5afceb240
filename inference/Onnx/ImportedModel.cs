namespace Serverless.Inference.Onnx;

/// <summary>A model ready to load: its folder and what is in it.</summary>
public sealed record ImportedModel(string Folder, ModelConfig Config)
{
    /// <summary>The graph; its weights lie beside it and are mapped, not copied.</summary>
    public string ModelPath => Path.Combine(Folder, "model.onnx");

    /// <summary>The tokenizer's data.</summary>
    public string VocabularyPath => Path.Combine(Folder, "vocabulary.json");
}
