using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Serverless.Inference.Onnx.Importing;
using Serverless.Inference.Onnx.Weights;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Graphs;

/// <summary>The int8 decoder: eight nodes a layer, rows scaled one by one at run time.</summary>
/// <remarks>
/// The residual stream is rotated by an orthogonal matrix and every value head by a Hadamard matrix. Norms see only
/// lengths and their gains are folded into the next linear, so the function stays the same, but outliers are spread
/// over all channels and eight bits are enough. Attention sees queries and keys unrotated.
/// </remarks>
internal sealed class Int8Graph : IDecoderGraph
{
    private const ulong Seed = 1;
    private const int RowsPerPart = 4096;

    private readonly DecoderParameters _parameters;
    private readonly WeightReader _weights;
    private readonly GraphBuilder _graph;
    private readonly ExternalData _data;
    private readonly ParallelOptions _parallel;
    private readonly Matrix _inverse;
    private readonly PackedMatrix _rotation;

    // Names of the values that one layer hands to the next: residual rows, their int8 form, the factor of each row.
    private string _residual = "";
    private string _rows = "";
    private string _factor = "";

    public Int8Graph(DecoderParameters parameters, WeightReader weights, GraphBuilder graph, ExternalData data, ParallelOptions parallel)
    {
        (_parameters, _weights, _graph, _data, _parallel) = (parameters, weights, graph, data, parallel);
        var rotation = RandomOrthogonal.Create(parameters.Hidden, Seed, parallel);
        _rotation = new(rotation);
        _inverse = rotation.Transposed();
    }

    /// <summary>Rotated embeddings in half precision: a step reads only a few rows of them, and rounds nothing away.</summary>
    public void Embedding()
    {
        var (vocabulary, hidden) = (_parameters.Vocabulary, _parameters.Hidden);
        var table = _data.Add("embed.w", OnnxType.Float16, [vocabulary, hidden], write =>
        {
            foreach (var part in Parts(WeightReader.EmbeddingName, gains: null))
            {
                write(MemoryMarshal.AsBytes<Half>(RotatedHalves(part)));
            }
        });
        _graph.Node("Gather", [table, "input_ids"], ["embed.rows"]);
        _graph.Node("Cast", ["embed.rows"], ["embed.f"], attributes: OnnxAttribute.OfType("to", OnnxType.Float));
        NormQuantize("l0", ["embed.f", "", ""]);
    }

    public void Layer(int layer)
    {
        var name = $"l{layer}";

        // 1. Query, key and value; attention.
        var gains = _weights.Vector($"blk.{layer}.attn_norm.weight", _parameters.Hidden);
        var qkv = WeightReader.FoldGains(_weights.Qkv(layer), gains);
        var output = _weights.Matrix($"blk.{layer}.attn_output.weight", _parameters.Hidden, _parameters.QueryWidth);
        RotateValues(qkv, output);
        var projected = Linear(name + ".qkv", _rows, qkv, _rotation);
        _graph.Node(
            "PagedAttention", [projected, _factor, .. GraphSignature.AttentionInputs(layer), .. Adjustments(layer)],
            [name + ".au", name + ".am", .. GraphSignature.AttentionOutputs(layer)], GraphBuilder.OwnDomain, GraphSignature.AttentionAttributes(_parameters));

        // 2. After the last attention only the rows whose logits are wanted go on.
        var (attended, factor) = (name + ".au", name + ".am");
        if (layer == _parameters.Layers - 1)
        {
            (attended, factor, _residual) = (GraphSignature.Wanted(_graph, attended), GraphSignature.Wanted(_graph, factor), GraphSignature.Wanted(_graph, _residual));
        }

        var back = Linear(name + ".o", attended, _inverse, new PackedMatrix(output));
        NormQuantize(name + ".m", [_residual, back, factor]);

        // 3. Feed-forward.
        gains = _weights.Vector($"blk.{layer}.ffn_norm.weight", _parameters.Hidden);
        var gateAndUp = Linear(name + ".gu", _rows, WeightReader.FoldGains(_weights.GateAndUp(layer), gains), _rotation);
        _graph.Node("SwiGluQuantize", [gateAndUp, _factor], [name + ".fu", name + ".fm"], GraphBuilder.OwnDomain);
        var down = _weights.Matrix($"blk.{layer}.ffn_down.weight", _parameters.Hidden, _parameters.FeedForward);
        var fed = Linear(name + ".down", name + ".fu", _inverse, new PackedMatrix(down));
        NormQuantize(layer == _parameters.Layers - 1 ? "final" : $"l{layer + 1}", [_residual, fed, name + ".fm"]);
    }

    public void Head()
    {
        var gains = _weights.Vector("output_norm.weight", _parameters.Hidden);
        var writer = new Int8LinearWriter("lm_head", _parameters.Vocabulary, _parameters.Hidden, _parallel);
        var constants = writer.Write(_data, Parts(_weights.HeadName, gains).Select(part => (part, _rotation)));
        Int8Linear("lm_head", _rows, constants, _parameters.Vocabulary);
        _graph.Node("Mul", ["lm_head", _factor], ["logits"]);
    }

    private void RotateValues(Matrix qkv, Matrix output)
    {
        if (Hadamard.Fits(_parameters.HeadSize))
        {
            Hadamard.AlongColumns(qkv, _parameters.QueryWidth + _parameters.KeyWidth, _parameters.KeyWidth, _parameters.HeadSize);
            Hadamard.AlongRows(output, _parameters.HeadSize);
        }
    }

    // Bias and gains of the heads, in the operator's order; what is last and absent is left out.
    private string[] Adjustments(int layer)
    {
        var name = $"l{layer}.";
        if (_weights.QkvBias(layer) is { } bias)
        {
            RotateValues(bias);
            return [_graph.Initializer(name + "bias", bias, bias.Length)];
        }

        return _weights.HeadGains(layer) is not { } gains ? []
            : ["", _graph.Initializer(name + "qg", gains.Query, gains.Query.Length), _graph.Initializer(name + "kg", gains.Key, gains.Key.Length)];
    }

    private void RotateValues(float[] bias)
    {
        if (Hadamard.Fits(_parameters.HeadSize))
        {
            Hadamard.AlongRows(bias.AsSpan(_parameters.QueryWidth + _parameters.KeyWidth), _parameters.HeadSize);
        }
    }

    private void NormQuantize(string name, ReadOnlySpan<string> inputs)
    {
        (_residual, _rows, _factor) = (name + ".x", name + ".u", name + ".n");
        _graph.Node("NormQuantize", inputs, [_residual, _rows, _factor], GraphBuilder.OwnDomain, OnnxAttribute.Of("epsilon", _parameters.Epsilon));
    }

    private string Linear(string name, string rows, Matrix left, PackedMatrix right) =>
        Int8Linear(name, rows, Int8LinearWriter.Write(_data, name, left, right, _parallel), left.Rows);

    private string Int8Linear(string name, string rows, string[] constants, int outputs)
    {
        _graph.Node("Int8Linear", [rows, .. constants], [name], GraphBuilder.OwnDomain, OnnxAttribute.Of("outputs", outputs));
        return name;
    }

    private IEnumerable<Matrix> Parts(string name, float[]? gains)
    {
        for (var first = 0; first < _parameters.Vocabulary; first += RowsPerPart)
        {
            var count = Math.Min(RowsPerPart, _parameters.Vocabulary - first);
            var part = _weights.Rows(name, _parameters.Vocabulary, _parameters.Hidden, first, count);
            yield return gains is null ? part : WeightReader.FoldGains(part, gains);
        }
    }

    private Half[] RotatedHalves(Matrix part)
    {
        const int Band = 64;
        var hidden = _parameters.Hidden;
        var halves = new Half[part.Rows * hidden];
        Parallel.For(0, (part.Rows + Band - 1) / Band, _parallel, band =>
        {
            var (first, count) = (band * Band, Math.Min(Band, part.Rows - (band * Band)));
            var rotated = new float[count * hidden];
            _rotation.Multiply(part.RowRange(first, count), count, rotated);
            TensorPrimitives.ConvertToHalf(rotated, halves.AsSpan(first * hidden));
        });
        return halves;
    }
}
