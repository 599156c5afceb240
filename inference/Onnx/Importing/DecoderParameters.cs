using Serverless.Inference.Gguf;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>The sizes and constants of a decoder, read from the metadata and checked.</summary>
internal sealed record DecoderParameters
{
    // Tables for rotary positions are made up to here; a longer claim is a damaged file or a model for other machines.
    private const int MaximumContext = 1 << 20;
    private const int MaximumWidth = 1 << 17;

    // The rotation is a square matrix of this many rows.
    private const int MaximumRotation = 1 << 14;

    public required Architecture Architecture { get; init; }

    public required int Layers { get; init; }

    public required int Hidden { get; init; }

    public required int FeedForward { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int Vocabulary { get; init; }

    public required int ContextLength { get; init; }

    public required float Epsilon { get; init; }

    public required float RotaryBase { get; init; }

    public RotaryScaling? RotaryScaling { get; init; }

    public int QueryWidth => Heads * HeadSize;

    public int KeyWidth => KvHeads * HeadSize;

    public int QkvWidth => QueryWidth + (2 * KeyWidth);

    public float AttentionScale => (float)(1 / Math.Sqrt(HeadSize));

    public static DecoderParameters Read(GgufFile file, ModelPrecision precision)
    {
        var metadata = file.Metadata;
        var architecture = Architecture.Find(metadata.Text("general.architecture"));
        var prefix = architecture.Name;
        var hidden = metadata.Integer($"{prefix}.embedding_length", 1, MaximumWidth);
        var heads = metadata.Integer($"{prefix}.attention.head_count", 1, 1024);
        var headSize = metadata.IntegerOrNull($"{prefix}.attention.key_length", 1, 1024) ?? hidden / heads;
        var parameters = new DecoderParameters
        {
            Architecture = architecture,
            Layers = metadata.Integer($"{prefix}.block_count", 1, 1024),
            Hidden = hidden,
            FeedForward = metadata.Integer($"{prefix}.feed_forward_length", 1, 1 << 20),
            Heads = heads,
            KvHeads = metadata.IntegerOrNull($"{prefix}.attention.head_count_kv", 1, 1024) ?? heads,
            HeadSize = headSize,
            Vocabulary = (int)Math.Min(file.Tensor("token_embd.weight").Rows, int.MaxValue),
            ContextLength = metadata.Integer($"{prefix}.context_length", 1, MaximumContext),
            Epsilon = metadata.Number($"{prefix}.attention.layer_norm_rms_epsilon"),
            RotaryBase = metadata.Number($"{prefix}.rope.freq_base", absent: 10_000),
            RotaryScaling = RotaryScaling.Read(metadata, prefix),
        };
        parameters.Check(metadata, precision);
        return parameters;
    }

    private void Check(GgufMetadata metadata, ModelPrecision precision)
    {
        var prefix = Architecture.Name;
        Require(Heads % KvHeads == 0, $"{Heads} heads cannot share {KvHeads} key/value heads evenly.");
        Require(HeadSize % 16 == 0, $"the head size {HeadSize} is not a multiple of 16.");
        Require((metadata.IntegerOrNull($"{prefix}.attention.value_length", 1, 1024) ?? HeadSize) == HeadSize, "keys and values are of different sizes.");
        Require((metadata.IntegerOrNull($"{prefix}.rope.dimension_count", 1, 1024) ?? HeadSize) == HeadSize, "rotary positions cover only a part of each head.");
        Require((metadata.IntegerOrNull($"{prefix}.expert_count", 0, 4096) ?? 0) == 0, "mixtures of experts are not supported.");
        Require(RotaryBase > 0 && Epsilon >= 0, "the rotary base or the norm's epsilon is not positive.");
        if (precision == ModelPrecision.Quantised)
        {
            Require(Hidden <= MaximumRotation, $"the width {Hidden} is more than the {MaximumRotation} that can be rotated; import it in full precision.");
            Require(Hidden % 4 == 0, $"the width {Hidden} is not a multiple of 4; import it in full precision.");
            Require(FeedForward % 4 == 0, $"the feed-forward width {FeedForward} is not a multiple of 4; import it in full precision.");
        }
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new ImportException($"The model cannot be imported: {problem}");
        }
    }
}
