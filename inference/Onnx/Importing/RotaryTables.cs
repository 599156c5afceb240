using System.Runtime.InteropServices;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>Writes cosine and sine of every position and frequency, [context, head size / 2] each.</summary>
internal static class RotaryTables
{
    public const string Cosines = "cos_cache";
    public const string Sines = "sin_cache";

    public static void Write(ExternalData data, DecoderParameters parameters, WeightReader weights)
    {
        var frequencies = Frequencies(parameters, weights);
        var sharpness = parameters.RotaryScaling?.Sharpness ?? 1;
        foreach (var (name, function) in new (string, Func<double, double>)[] { (Cosines, Math.Cos), (Sines, Math.Sin) })
        {
            data.Add(name, OnnxType.Float, [parameters.ContextLength, frequencies.Length], write =>
            {
                var row = new float[frequencies.Length];
                for (var position = 0; position < parameters.ContextLength; position++)
                {
                    for (var i = 0; i < row.Length; i++)
                    {
                        row[i] = (float)(function(position * frequencies[i]) * sharpness);
                    }

                    write(MemoryMarshal.AsBytes<float>(row));
                }
            });
        }
    }

    // Llama 3's scaling for long contexts is stored as one divisor for each frequency.
    private static double[] Frequencies(DecoderParameters parameters, WeightReader weights)
    {
        var divisors = weights.VectorOrNull("rope_freqs.weight", parameters.HeadSize / 2);
        var frequencies = new double[parameters.HeadSize / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(parameters.RotaryBase, -2.0 * i / parameters.HeadSize) / (divisors?[i] ?? 1);
            frequencies[i] = parameters.RotaryScaling?.Scale(frequency, i, parameters.HeadSize, parameters.RotaryBase) ?? frequency;
            if (!double.IsFinite(frequencies[i]))
            {
                throw new ImportException("The model cannot be imported: 'rope_freqs.weight' holds a zero or a number that is not finite.");
            }
        }

        return frequencies;
    }
}
