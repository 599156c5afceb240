using Serverless.Inference.Gguf;

namespace Serverless.Inference.Tests.Model;

/// <summary>A decoder's forward pass in the plainest code: double precision, no cache, weights as the file stores them.</summary>
/// <remarks>It shares only the reader of the file with the product: no graph, no operator, no reordering of rows.</remarks>
internal sealed class PlainDecoder(GgufFile file)
{
    private readonly string _family = file.Metadata.Text("general.architecture");

    private int Heads => Number("attention.head_count");

    private int KvHeads => Number("attention.head_count_kv");

    private int HeadSize => file.Metadata.IntegerOrNull($"{_family}.attention.key_length", 1, 1024) ?? Number("embedding_length") / Heads;

    /// <summary>The logits after the last token; <paramref name="round"/> is applied to each rotary frequency.</summary>
    public double[] Logits(IReadOnlyList<int> tokens, Func<double, double>? round = null)
    {
        var embedding = Matrix("token_embd.weight");
        var rows = tokens.Select(token => embedding[token]).ToArray();
        var frequencies = Frequencies(round ?? (frequency => frequency));
        for (var layer = 0; layer < Number("block_count"); layer++)
        {
            var attended = Attention($"blk.{layer}.", rows, frequencies);
            rows = [.. rows.Zip(attended, Add)];
            rows = [.. rows.Select(row => Add(row, FeedForward($"blk.{layer}.", row)))];
        }

        return Multiply(file.Find("output.weight") is null ? embedding : Matrix("output.weight"), Norm(rows[^1], Vector("output_norm.weight")));
    }

    private double[][] Attention(string layer, double[][] rows, double[] frequencies)
    {
        var gains = Vector(layer + "attn_norm.weight");
        var normed = rows.Select(row => Norm(row, gains)).ToArray();
        var queries = Projected(layer, "q", normed, frequencies);
        var keys = Projected(layer, "k", normed, frequencies);
        var values = Projected(layer, "v", normed, null);
        var output = Matrix(layer + "attn_output.weight");
        return
        [
            .. rows.Select((_, row) => Multiply(output, [.. Enumerable.Range(0, Heads).SelectMany(head =>
                Attend(queries[row][head], keys.Take(row + 1).Select(key => key[head / (Heads / KvHeads)]), [.. values.Take(row + 1).Select(value => value[head / (Heads / KvHeads)])]))])),
        ];
    }

    private static double[] Attend(double[] query, IEnumerable<double[]> keys, double[][] values)
    {
        var scores = keys.Select(key => Dot(query, key) / Math.Sqrt(query.Length)).ToArray();
        var weights = scores.Select(score => Math.Exp(score - scores.Max())).ToArray();
        return [.. Enumerable.Range(0, query.Length).Select(i => values.Select((value, key) => value[i] * weights[key]).Sum() / weights.Sum())];
    }

    // [row][head][dimension], normed and rotated where the family does that.
    private double[][][] Projected(string layer, string kind, double[][] rows, double[]? frequencies)
    {
        var weights = Matrix($"{layer}attn_{kind}.weight");
        var bias = VectorOrNull($"{layer}attn_{kind}.bias") ?? new double[weights.Length];
        var gains = VectorOrNull($"{layer}attn_{kind}_norm.weight");
        return
        [
            .. rows.Select((row, position) => Add(Multiply(weights, row), bias).Chunk(HeadSize)
                .Select(head => gains is null ? head : Norm(head, gains))
                .Select(head => frequencies is null ? head : Rotate(head, position, frequencies)).ToArray()),
        ];
    }

    private double[] FeedForward(string layer, double[] row)
    {
        var normed = Norm(row, Vector(layer + "ffn_norm.weight"));
        var gates = Multiply(Matrix(layer + "ffn_gate.weight"), normed);
        var products = gates.Zip(Multiply(Matrix(layer + "ffn_up.weight"), normed), (gate, up) => gate / (1 + Math.Exp(-gate)) * up);
        return Multiply(Matrix(layer + "ffn_down.weight"), [.. products]);
    }

    // A Llama file stores the numbers of a pair side by side; the other families' lie half a head apart.
    private double[] Rotate(double[] head, int position, double[] frequencies)
    {
        var result = new double[head.Length];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var (first, second) = _family == "llama" ? (2 * i, (2 * i) + 1) : (i, i + frequencies.Length);
            var (sin, cos) = Math.SinCos(position * frequencies[i]);
            (result[first], result[second]) = ((head[first] * cos) - (head[second] * sin), (head[second] * cos) + (head[first] * sin));
        }

        return result;
    }

    private double[] Frequencies(Func<double, double> round)
    {
        var divisors = VectorOrNull("rope_freqs.weight");
        var rotaryBase = file.Metadata.Number($"{_family}.rope.freq_base", absent: 10_000);
        return [.. Enumerable.Range(0, HeadSize / 2).Select(i => round(Math.Pow(rotaryBase, -2.0 * i / HeadSize) / (divisors?[i] ?? 1)))];
    }

    private double[] Norm(double[] row, double[] gains)
    {
        var length = Math.Sqrt((Dot(row, row) / row.Length) + file.Metadata.Number($"{_family}.attention.layer_norm_rms_epsilon"));
        return [.. row.Zip(gains, (value, gain) => value / length * gain)];
    }

    private int Number(string key) => file.Metadata.Integer($"{_family}.{key}", 1, 1 << 20);

    private double[][] Matrix(string name) => [.. Vector(name).Chunk((int)file.Tensor(name).Columns)];

    private double[]? VectorOrNull(string name) => file.Find(name) is null ? null : Vector(name);

    private double[] Vector(string name)
    {
        var values = new float[file.Tensor(name).Elements];
        file.Read(file.Tensor(name), 0, values);
        return [.. values.Select(value => (double)value)];
    }

    private static double[] Multiply(double[][] matrix, double[] row) => [.. matrix.Select(weights => Dot(weights, row))];

    private static double[] Add(double[] x, double[] y) => [.. x.Zip(y, (a, b) => a + b)];

    private static double Dot(double[] x, double[] y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }
}
