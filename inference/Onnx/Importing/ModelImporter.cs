using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx.Graphs;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>Turns one GGUF file into a model folder. The same file gives the same bytes, whatever the machine's threads.</summary>
internal static class ModelImporter
{
    /// <summary>Rises whenever the same file would be imported differently.</summary>
    public const int FormatVersion = 3;

    private const string GraphFileName = "model.onnx";

    /// <summary>Writes graph, weights, tokenizer and configuration into an empty folder.</summary>
    public static ModelConfig Import(
        string ggufPath, string digest, string folder, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        using var file = GgufFile.Open(ggufPath);
        var parameters = DecoderParameters.Read(file, options.Precision);
        var weights = new WeightReader(file, parameters);
        weights.CheckTensors();
        var vocabulary = VocabularyReader.Read(file.Metadata, parameters.Vocabulary);

        WriteGraph(folder, parameters, weights, options, progress, cancellationToken);
        vocabulary.Save(folder);
        var config = new ModelConfig
        {
            Name = file.Metadata.TextOrNull("general.name") ?? Path.GetFileNameWithoutExtension(ggufPath),
            Architecture = parameters.Architecture.Name,
            Layers = parameters.Layers,
            Hidden = parameters.Hidden,
            Heads = parameters.Heads,
            KvHeads = parameters.KvHeads,
            HeadSize = parameters.HeadSize,
            Vocabulary = parameters.Vocabulary,
            ContextLength = parameters.ContextLength,
            CacheType = options.Precision == ModelPrecision.Quantised ? "bf16" : "f32",
            Precision = PrecisionName(options.Precision),
            BosToken = vocabulary.Bos,
            EosTokens = VocabularyReader.EndTokens(file.Metadata, vocabulary.Tokens.Count),
            AddBos = vocabulary.AddBos,
            ChatTemplate = file.Metadata.TextOrNull("tokenizer.chat_template"),
            Digest = digest,
            Parameters = file.Tensors.Where(tensor => tensor.Name != "rope_freqs.weight").Sum(tensor => tensor.Elements),
            FormatVersion = FormatVersion,
        };
        config.Save(folder);
        return config;
    }

    /// <summary>How <c>config.json</c> and folder names spell a precision.</summary>
    public static string PrecisionName(ModelPrecision precision) => precision == ModelPrecision.Quantised ? "int8" : "float32";

    private static void WriteGraph(
        string folder, DecoderParameters parameters, WeightReader weights, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.Threads), CancellationToken = cancellationToken };
        var builder = new GraphBuilder();
        using var data = new ExternalData(folder, builder);
        var quantised = options.Precision == ModelPrecision.Quantised;
        GraphSignature.Declare(builder, parameters, quantised ? OnnxType.BFloat16 : OnnxType.Float);
        RotaryTables.Write(data, parameters, weights);
        IDecoderGraph graph = quantised
            ? new Int8Graph(parameters, weights, builder, data, parallel)
            : new Float32Graph(parameters, weights, builder, data);

        var steps = new List<(string Activity, Action Run)> { ("embedding", graph.Embedding) };
        steps.AddRange(Enumerable.Range(0, parameters.Layers).Select(layer => ($"layer {layer + 1} of {parameters.Layers}", (Action)(() => graph.Layer(layer)))));
        steps.Add(("output projection", graph.Head));
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new((double)i / steps.Count, $"converting {steps[i].Activity}"));
            steps[i].Run();
        }

        data.Finish();
        File.WriteAllBytes(Path.Combine(folder, GraphFileName), builder.ToModel());
    }
}
