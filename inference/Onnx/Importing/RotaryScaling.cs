using Serverless.Inference.Gguf;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>How a family stretches its rotary frequencies to contexts longer than it was trained on.</summary>
/// <remarks>
/// <c>linear</c> divides every frequency by the factor. <c>yarn</c> leaves the fast ones, divides the slow ones, goes
/// from one to the other between two numbers of turns, and makes attention a little sharper (Peng et al., "YaRN:
/// Efficient Context Window Extension of Large Language Models", 2023, section 3).
/// </remarks>
internal sealed record RotaryScaling(bool IsYarn, double Factor, int TrainedContext, double Sharpness, double FastTurns, double SlowTurns)
{
    private const string Kind = "rope.scaling.type";

    /// <returns>Null where the file asks for none.</returns>
    /// <exception cref="ImportException">The file asks for a kind that is not known, or for numbers that make no sense.</exception>
    public static RotaryScaling? Read(GgufMetadata metadata, string architecture)
    {
        var kind = metadata.TextOrNull($"{architecture}.{Kind}") ?? "none";
        if (kind == "none")
        {
            return null;
        }

        if (kind is not ("linear" or "yarn"))
        {
            throw new ImportException($"The model cannot be imported: rotary scaling '{kind}' is not supported; supported are linear, yarn, and the kind stored as 'rope_freqs.weight'.");
        }

        float Number(string name, float absent) => metadata.Number($"{architecture}.rope.scaling.{name}", absent);
        var factor = Number("factor", absent: 0);
        var scaling = new RotaryScaling(
            kind == "yarn",
            factor,
            kind == "yarn" ? metadata.Integer($"{architecture}.rope.scaling.original_context_length", 1, 1 << 20) : 1,
            kind == "yarn" ? Number("attn_factor", absent: 1) * (1 + (0.1 * Math.Log(factor))) : 1,
            Number("yarn_beta_fast", absent: 32),
            Number("yarn_beta_slow", absent: 1));
        return factor >= 1 && double.IsFinite(factor) && double.IsFinite(scaling.Sharpness) && scaling.FastTurns > scaling.SlowTurns && scaling.SlowTurns > 0
            ? scaling
            : throw new ImportException($"The model cannot be imported: the numbers of its rotary scaling '{kind}' are damaged (factor {factor}, turns {scaling.SlowTurns} to {scaling.FastTurns}).");
    }

    /// <summary>The frequency that stands for the one of pair <paramref name="i"/>.</summary>
    public double Scale(double frequency, int i, int headSize, double rotaryBase)
    {
        var divided = frequency / Factor;
        if (!IsYarn)
        {
            return divided;
        }

        // The pairs that make so many turns over the context that the model was trained on.
        double PairOf(double turns) => headSize * Math.Log(TrainedContext / (turns * 2 * Math.PI)) / (2 * Math.Log(rotaryBase));
        var first = Math.Max(0, Math.Floor(PairOf(FastTurns)));
        var last = Math.Min(headSize - 1, Math.Ceiling(PairOf(SlowTurns)));
        var slow = Math.Clamp((i - first) / Math.Max(0.001, last - first), 0, 1);
        return (divided * slow) + (frequency * (1 - slow));
    }
}
