namespace Serverless.Inference.Tests.Kernels;

/// <summary>Attention over one whole sequence, in the plainest code and in double precision.</summary>
internal static class PlainAttention
{
    /// <summary>The result for every row, [row][head][dimension]; the cache holds bfloat16 where <paramref name="round"/> is set.</summary>
    public static double[][] Run(AttentionModel model, Slice prompt, bool round)
    {
        var (size, rows) = (model.Size, prompt.Rows);
        var width = (model.Heads + (2 * model.KvHeads)) * size;
        double[] Head(int row, int head) =>
            [.. prompt.Qkv.AsSpan((row * width) + (head * size), size).ToArray().Select((value, i) => (value * prompt.Factors[row]) + (double)(model.Bias?[(head * size) + i] ?? 0))];
        double[] Cached(double[] values) => round ? [.. values.Select(BFloat16)] : values;

        var keys = Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, model.KvHeads)
            .Select(head => Cached(Rotate(model, Norm(Head(row, model.Heads + head), model.KeyGains), row))).ToArray()).ToArray();
        var values = Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, model.KvHeads)
            .Select(head => Cached(Head(row, model.Heads + model.KvHeads + head))).ToArray()).ToArray();
        return
        [
            .. Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, model.Heads)
                .SelectMany(head => Attend(model, Rotate(model, Norm(Head(row, head), model.QueryGains), row), keys, values, row, head / (model.Heads / model.KvHeads)))
                .ToArray()),
        ];
    }

    private static double[] Norm(double[] head, float[]? gains)
    {
        var length = Math.Sqrt((head.Sum(value => value * value) / head.Length) + AttentionModel.Epsilon);
        return gains is null ? head : [.. head.Zip(gains, (value, gain) => value / length * gain)];
    }

    private static double[] Attend(AttentionModel model, double[] query, double[][][] keys, double[][][] values, int row, int head)
    {
        var scores = Enumerable.Range(0, row + 1).Select(key => query.Zip(keys[key][head], (q, k) => q * k).Sum() * model.Scale).ToArray();
        var largest = scores.Max();
        var weights = scores.Select(score => Math.Exp(score - largest)).ToArray();
        var sum = weights.Sum();
        var result = new double[model.Size];
        for (var key = 0; key <= row; key++)
        {
            for (var i = 0; i < result.Length; i++)
            {
                result[i] += weights[key] / sum * values[key][head][i];
            }
        }

        return result;
    }

    private static double[] Rotate(AttentionModel model, double[] head, int position)
    {
        var half = head.Length / 2;
        var result = new double[head.Length];
        for (var i = 0; i < half; i++)
        {
            var (cos, sin) = (model.Cos[(position * half) + i], model.Sin[(position * half) + i]);
            (result[i], result[half + i]) = ((head[i] * cos) - (head[half + i] * sin), (head[half + i] * cos) + (head[i] * sin));
        }

        return result;
    }

    private static double BFloat16(double value)
    {
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000);
    }
}
