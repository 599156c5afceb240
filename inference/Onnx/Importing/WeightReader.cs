using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx.Weights;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>Reads the weights of a decoder by role, checks their shapes, and puts rotary rows in order.</summary>
internal sealed class WeightReader(GgufFile file, DecoderParameters parameters)
{
    private const string Embedding = "token_embd.weight";
    private const string SeparateHead = "output.weight";

    /// <summary>The tensor of the output projection: its own, or the embedding shared.</summary>
    public string HeadName => file.Find(SeparateHead) is null ? Embedding : SeparateHead;

    public static string EmbeddingName => Embedding;

    /// <summary>
    /// Checks the shape of every tensor before memory is taken for any, and refuses one that the graph would leave out,
    /// for its results would be wrong.
    /// </summary>
    public void CheckTensors()
    {
        var expected = new HashSet<string>(["rope_freqs.weight", SeparateHead], StringComparer.Ordinal);
        foreach (var (name, rows, columns) in Expected())
        {
            expected.Add(name);
            Shaped(name, rows, columns);
        }

        if (file.Tensors.FirstOrDefault(tensor => !expected.Contains(tensor.Name)) is { } unknown)
        {
            throw new ImportException($"The model cannot be imported: its tensor '{unknown.Name}' has no place in architecture '{parameters.Architecture.Name}'.");
        }
    }

    private IEnumerable<(string Name, int Rows, int Columns)> Expected()
    {
        var (hidden, query, key, feedForward) = (parameters.Hidden, parameters.QueryWidth, parameters.KeyWidth, parameters.FeedForward);
        List<(string Name, int Rows, int Columns)> inLayer =
        [
            ("attn_norm.weight", 1, hidden), ("attn_q.weight", query, hidden), ("attn_k.weight", key, hidden), ("attn_v.weight", key, hidden),
            ("attn_output.weight", hidden, query), ("ffn_norm.weight", 1, hidden), ("ffn_gate.weight", feedForward, hidden),
            ("ffn_up.weight", feedForward, hidden), ("ffn_down.weight", hidden, feedForward),
        ];
        if (parameters.Architecture.QkvBias)
        {
            inLayer.AddRange([("attn_q.bias", 1, query), ("attn_k.bias", 1, key), ("attn_v.bias", 1, key)]);
        }

        if (parameters.Architecture.QkNorm)
        {
            inLayer.AddRange([("attn_q_norm.weight", 1, parameters.HeadSize), ("attn_k_norm.weight", 1, parameters.HeadSize)]);
        }

        return
        [
            (Embedding, parameters.Vocabulary, hidden), (HeadName, parameters.Vocabulary, hidden), ("output_norm.weight", 1, hidden),
            .. Enumerable.Range(0, parameters.Layers).SelectMany(layer => inLayer.Select(tensor => ($"blk.{layer}.{tensor.Name}", tensor.Rows, tensor.Columns))),
        ];
    }

    public float[] Vector(string name, int length)
    {
        var tensor = Shaped(name, 1, length);
        var values = new float[length];
        file.Read(tensor, 0, values);
        return values;
    }

    public float[]? VectorOrNull(string name, int length) => file.Find(name) is null ? null : Vector(name, length);

    public Matrix Matrix(string name, int rows, int columns) => Rows(name, rows, columns, 0, rows);

    /// <summary>Some rows of a matrix that is too large to hold at once.</summary>
    public Matrix Rows(string name, int rows, int columns, int first, int count)
    {
        var tensor = Shaped(name, rows, columns);
        var matrix = new Matrix(count, columns);
        file.Read(tensor, (long)first * columns, matrix.Values);
        return matrix;
    }

    /// <summary>Query, key and value weights of a layer, one below the other.</summary>
    public Matrix Qkv(int layer)
    {
        var hidden = parameters.Hidden;
        var query = Heads(Matrix($"blk.{layer}.attn_q.weight", parameters.QueryWidth, hidden), parameters.Heads);
        var key = Heads(Matrix($"blk.{layer}.attn_k.weight", parameters.KeyWidth, hidden), parameters.KvHeads);
        return Stack(query, key, Matrix($"blk.{layer}.attn_v.weight", parameters.KeyWidth, hidden));
    }

    /// <summary>Bias of query, key and value, one after the other, or null where the family has none.</summary>
    public float[]? QkvBias(int layer) => !parameters.Architecture.QkvBias ? null :
    [
        .. Vector($"blk.{layer}.attn_q.bias", parameters.QueryWidth),
        .. Vector($"blk.{layer}.attn_k.bias", parameters.KeyWidth),
        .. Vector($"blk.{layer}.attn_v.bias", parameters.KeyWidth),
    ];

    /// <summary>The gains with which each query head, and each key head, is normalised; null where the family does not.</summary>
    public (float[] Query, float[] Key)? HeadGains(int layer) => !parameters.Architecture.QkNorm ? null
        : (Vector($"blk.{layer}.attn_q_norm.weight", parameters.HeadSize), Vector($"blk.{layer}.attn_k_norm.weight", parameters.HeadSize));

    public Matrix GateAndUp(int layer) => Stack(
        Matrix($"blk.{layer}.ffn_gate.weight", parameters.FeedForward, parameters.Hidden),
        Matrix($"blk.{layer}.ffn_up.weight", parameters.FeedForward, parameters.Hidden));

    /// <summary>Multiplies each column by its gain, as the norm before this linear would have done.</summary>
    public static Matrix FoldGains(Matrix matrix, ReadOnlySpan<float> gains)
    {
        for (var row = 0; row < matrix.Rows; row++)
        {
            var values = matrix.Row(row);
            System.Numerics.Tensors.TensorPrimitives.Multiply(values, gains, values);
        }

        return matrix;
    }

    private static Matrix Stack(params ReadOnlySpan<Matrix> parts)
    {
        var rows = 0;
        foreach (var part in parts)
        {
            rows += part.Rows;
        }

        var stacked = new Matrix(rows, parts[0].Columns);
        var next = 0;
        foreach (var part in parts)
        {
            part.Values.CopyTo(stacked.RowRange(next, part.Rows));
            next += part.Rows;
        }

        return stacked;
    }

    // Row 2i+h of a head in the file is row i of half h.
    private Matrix Heads(Matrix stored, int heads)
    {
        if (!parameters.Architecture.InterleavedRotary)
        {
            return stored;
        }

        var size = parameters.HeadSize;
        var ordered = new Matrix(stored.Rows, stored.Columns);
        for (var row = 0; row < heads * size; row++)
        {
            var (half, index) = Math.DivRem(row % size, size / 2);
            stored.Row((row / size * size) + (2 * index) + half).CopyTo(ordered.Row(row));
        }

        return ordered;
    }

    private GgufTensor Shaped(string name, int rows, int columns)
    {
        var tensor = file.Tensor(name);
        return tensor.Columns == columns && tensor.Rows == rows
            ? tensor
            : throw new ImportException($"Tensor '{name}', whose values are at byte {tensor.Offset}, has the shape [{string.Join(", ", tensor.Dimensions)}]; the metadata asks for [{columns}, {rows}].");
    }
}
