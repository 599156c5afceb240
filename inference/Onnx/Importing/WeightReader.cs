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

    /// <summary>Refuses a file with a tensor that the graph would leave out, for its results would be wrong.</summary>
    public void RefuseUnknownTensors()
    {
        string[] known = ["token_embd.weight", "output.weight", "output_norm.weight", "rope_freqs.weight"];
        HashSet<string> inLayer =
        [
            "attn_norm.weight", "attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_output.weight",
            "ffn_norm.weight", "ffn_gate.weight", "ffn_up.weight", "ffn_down.weight",
            .. parameters.Architecture.QkvBias ? ["attn_q.bias", "attn_k.bias", "attn_v.bias"] : Array.Empty<string>(),
            .. parameters.Architecture.QkNorm ? ["attn_q_norm.weight", "attn_k_norm.weight"] : Array.Empty<string>(),
        ];
        var expected = new HashSet<string>(known, StringComparer.Ordinal);
        for (var layer = 0; layer < parameters.Layers; layer++)
        {
            expected.UnionWith(inLayer.Select(name => $"blk.{layer}.{name}"));
        }

        if (file.Tensors.FirstOrDefault(tensor => !expected.Contains(tensor.Name)) is { } unknown)
        {
            throw new ImportException($"The model cannot be imported: its tensor '{unknown.Name}' has no place in architecture '{parameters.Architecture.Name}'.");
        }
    }

    public float[] Vector(string name, int length)
    {
        var values = new float[length];
        file.Read(Shaped(name, 1, length), 0, values);
        return values;
    }

    public float[]? VectorOrNull(string name, int length) => file.Find(name) is null ? null : Vector(name, length);

    public Matrix Matrix(string name, int rows, int columns) => Rows(name, rows, columns, 0, rows);

    /// <summary>Some rows of a matrix that is too large to hold at once.</summary>
    public Matrix Rows(string name, int rows, int columns, int first, int count)
    {
        var matrix = new Matrix(count, columns);
        file.Read(Shaped(name, rows, columns), (long)first * columns, matrix.Values);
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
            : throw new ImportException($"Tensor '{name}' has the shape [{string.Join(", ", tensor.Dimensions)}]; the metadata asks for [{columns}, {rows}].");
    }
}
