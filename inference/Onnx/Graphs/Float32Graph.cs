using System.Runtime.InteropServices;
using Serverless.Inference.Onnx.Importing;
using Serverless.Inference.Onnx.Weights;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Graphs;

/// <summary>The decoder as the file has it, from stock ONNX nodes and the float32 paged attention.</summary>
internal sealed class Float32Graph : IDecoderGraph
{
    private const int RowsPerPart = 4096;

    private readonly DecoderParameters _parameters;
    private readonly WeightReader _weights;
    private readonly GraphBuilder _graph;
    private readonly ExternalData _data;
    private string _embedding = "";
    private string _residual = "embedding";

    public Float32Graph(DecoderParameters parameters, WeightReader weights, GraphBuilder graph, ExternalData data)
    {
        (_parameters, _weights, _graph, _data) = (parameters, weights, graph, data);
        graph.Initializer("epsilon", [parameters.Epsilon]);
        if (parameters.Architecture.QkNorm)
        {
            graph.Initializer("head_rows", [0L, -1, parameters.HeadSize], 3);
            graph.Initializer("flat_rows", [0L, -1], 2);
            graph.Initializer("qkv_widths", [parameters.QueryWidth, parameters.KeyWidth, (long)parameters.KeyWidth], 3);
        }
    }

    public void Embedding()
    {
        _embedding = Table("embed.w", WeightReader.EmbeddingName);
        _graph.Node("Gather", [_embedding, "input_ids"], [_residual]);
    }

    public void Layer(int layer)
    {
        var name = $"l{layer}";
        var normed = Norm(name + ".an", _residual, _weights.Vector($"blk.{layer}.attn_norm.weight", _parameters.Hidden));
        var qkv = Linear(name + ".qkv", normed, _weights.Qkv(layer), _weights.QkvBias(layer));
        if (_weights.HeadGains(layer) is { } gains)
        {
            qkv = NormHeads(layer, qkv, gains.Query, gains.Key);
        }

        var attended = name + ".a";
        _graph.Node(
            "PagedAttentionFloat", [qkv, .. GraphSignature.AttentionInputs(layer)],
            [attended, .. GraphSignature.AttentionOutputs(layer)], GraphBuilder.OwnDomain, GraphSignature.AttentionAttributes(_parameters));
        if (layer == _parameters.Layers - 1)
        {
            (attended, _residual) = (GraphSignature.Wanted(_graph, attended), GraphSignature.Wanted(_graph, _residual));
        }

        Add(name + ".m", Linear(name + ".o", attended, _weights.Matrix($"blk.{layer}.attn_output.weight", _parameters.Hidden, _parameters.QueryWidth)));
        Add(name + ".x", FeedForward(layer));
    }

    public void Head()
    {
        var normed = Norm("final", _residual, _weights.Vector("output_norm.weight", _parameters.Hidden));
        var weights = _weights.HeadName == WeightReader.EmbeddingName ? _embedding : Table("lm_head.w", _weights.HeadName);
        _graph.Node("Gemm", [normed, weights], ["logits"], attributes: OnnxAttribute.Of("transB", 1));
    }

    private string FeedForward(int layer)
    {
        var (name, feedForward, hidden) = ($"l{layer}.f", _parameters.FeedForward, _parameters.Hidden);
        var normed = Norm(name + "n", _residual, _weights.Vector($"blk.{layer}.ffn_norm.weight", hidden));
        var gate = Linear(name + "g", normed, _weights.Matrix($"blk.{layer}.ffn_gate.weight", feedForward, hidden));
        var up = Linear(name + "u", normed, _weights.Matrix($"blk.{layer}.ffn_up.weight", feedForward, hidden));
        _graph.Node("Sigmoid", [gate], [gate + ".sigmoid"]);
        _graph.Node("Mul", [gate, gate + ".sigmoid"], [gate + ".silu"]);
        _graph.Node("Mul", [gate + ".silu", up], [name + "p"]);
        return Linear(name + "d", name + "p", _weights.Matrix($"blk.{layer}.ffn_down.weight", hidden, feedForward));
    }

    private void Add(string name, string change)
    {
        _graph.Node("Add", [_residual, change], [name]);
        _residual = name;
    }

    private string Norm(string name, string rows, float[] gains)
    {
        _graph.Initializer(name + ".gains", gains, gains.Length);
        _graph.Node("Mul", [rows, rows], [name + ".squares"]);
        _graph.Node("ReduceMean", [name + ".squares"], [name + ".mean"], attributes: [OnnxAttribute.OfList("axes", -1), OnnxAttribute.Of("keepdims", 1)]);
        _graph.Node("Add", [name + ".mean", "epsilon"], [name + ".shifted"]);
        _graph.Node("Sqrt", [name + ".shifted"], [name + ".length"]);
        _graph.Node("Div", [rows, name + ".length"], [name + ".unit"]);
        _graph.Node("Mul", [name + ".unit", name + ".gains"], [name]);
        return name;
    }

    // Queries and keys are normalised head by head; values pass.
    private string NormHeads(int layer, string qkv, float[] queryGains, float[] keyGains)
    {
        var name = $"l{layer}.h";
        _graph.Node("Split", [qkv, "qkv_widths"], [name + ".q", name + ".k", name + ".v"], attributes: OnnxAttribute.Of("axis", 1));
        foreach (var (kind, gains) in new[] { ("q", queryGains), ("k", keyGains) })
        {
            _graph.Node("Reshape", [$"{name}.{kind}", "head_rows"], [$"{name}.{kind}.heads"]);
            var normed = Norm($"{name}.{kind}.normed", $"{name}.{kind}.heads", gains);
            _graph.Node("Reshape", [normed, "flat_rows"], [$"{name}.{kind}.flat"]);
        }

        _graph.Node("Concat", [name + ".q.flat", name + ".k.flat", name + ".v"], [name], attributes: OnnxAttribute.Of("axis", 1));
        return name;
    }

    private string Linear(string name, string rows, Matrix weights, float[]? bias = null)
    {
        string[] constants = [_data.Add<float>(name + ".w", OnnxType.Float, [weights.Rows, weights.Columns], weights.Values)];
        if (bias is not null)
        {
            constants = [.. constants, _graph.Initializer(name + ".b", bias, bias.Length)];
        }

        _graph.Node("Gemm", [rows, .. constants], [name], attributes: OnnxAttribute.Of("transB", 1));
        return name;
    }

    private string Table(string name, string tensor)
    {
        var (rows, columns) = (_parameters.Vocabulary, _parameters.Hidden);
        return _data.Add(name, OnnxType.Float, [rows, columns], write =>
        {
            for (var first = 0; first < rows; first += RowsPerPart)
            {
                write(MemoryMarshal.AsBytes(_weights.Rows(tensor, rows, columns, first, Math.Min(RowsPerPart, rows - first)).Values));
            }
        });
    }
}
