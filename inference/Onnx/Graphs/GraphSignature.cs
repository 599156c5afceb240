using Serverless.Inference.Onnx.Importing;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Graphs;

/// <summary>Inputs and outputs of a decoder over a paged cache, the same for every precision.</summary>
internal static class GraphSignature
{
    public const string LogitsIndices = "logits_indices";

    public static void Declare(GraphBuilder graph, DecoderParameters parameters, OnnxType cacheType)
    {
        graph.Input("input_ids", OnnxType.Int64, "num_tokens");
        graph.Input("block_table", OnnxType.Int32, "batch", "max_blocks");
        graph.Input("cumulative_sequence_lengths", OnnxType.Int32, "batch_plus_1");
        graph.Input("past_sequence_lengths", OnnxType.Int32, "batch");
        graph.Input(LogitsIndices, OnnxType.Int32, "num_logits");
        graph.Output("logits", OnnxType.Float, "num_logits", parameters.Vocabulary);
        for (var layer = 0; layer < parameters.Layers; layer++)
        {
            foreach (var kind in new[] { "key", "value" })
            {
                graph.Input($"past_key_values.{layer}.{kind}", cacheType, "num_blocks", "block_size", parameters.KvHeads, parameters.HeadSize);
                graph.Output($"present.{layer}.{kind}", cacheType, "num_blocks", "block_size", parameters.KvHeads, parameters.HeadSize);
            }
        }
    }

    /// <summary>The cache, the step's shape and the rotary tables, as both attention operators take them after the projections.</summary>
    public static string[] AttentionInputs(int layer) =>
    [
        $"past_key_values.{layer}.key",
        $"past_key_values.{layer}.value",
        "cumulative_sequence_lengths",
        "past_sequence_lengths",
        "block_table",
        RotaryTables.Cosines,
        RotaryTables.Sines,
    ];

    public static string[] AttentionOutputs(int layer) => [$"present.{layer}.key", $"present.{layer}.value"];

    public static OnnxAttribute[] AttentionAttributes(DecoderParameters parameters) =>
    [
        OnnxAttribute.Of("num_heads", parameters.Heads),
        OnnxAttribute.Of("kv_num_heads", parameters.KvHeads),
        OnnxAttribute.Of("scale", parameters.AttentionScale),
        OnnxAttribute.Of("epsilon", parameters.Epsilon),
    ];

    /// <summary>Keeps only the rows whose logits are wanted.</summary>
    public static string Wanted(GraphBuilder graph, string rows)
    {
        graph.Node("Gather", [rows, LogitsIndices], [rows + ".wanted"], attributes: OnnxAttribute.Of("axis", 0));
        return rows + ".wanted";
    }
}
