namespace Serverless.Inference.Onnx.Importing;

/// <summary>What sets one decoder family apart from another.</summary>
/// <remarks>
/// <paramref name="InterleavedRotary"/>: the file stores query and key rows for rotary pairs (2i, 2i+1), and the import
/// puts them back into halves. <paramref name="QkvBias"/>: query, key and value have a bias.
/// <paramref name="QkNorm"/>: each query and key head is normalised before rotary.
/// </remarks>
internal sealed record Architecture(string Name, bool InterleavedRotary = false, bool QkvBias = false, bool QkNorm = false)
{
    private static readonly Architecture[] All =
    [
        new("llama", InterleavedRotary: true),
        new("qwen2", QkvBias: true),
        new("qwen3", QkNorm: true),
    ];

    /// <summary>Finds a family, or refuses with the list of those that the precision supports.</summary>
    public static Architecture Find(string name, ModelPrecision precision)
    {
        var supported = All.Where(family => family.Supports(precision)).ToArray();
        return supported.FirstOrDefault(family => family.Name == name) ?? throw new ImportException(
            $"Architecture '{name}' is not supported in {(precision == ModelPrecision.Full ? "full" : "quantised")} precision; supported are: {string.Join(", ", supported.Select(family => family.Name))}."
            + (All.Any(family => family.Name == name) ? " It can be imported in full precision." : ""));
    }

    // The int8 operators have no place for a bias or a norm between projection and attention.
    private bool Supports(ModelPrecision precision) => precision == ModelPrecision.Full || !(QkvBias || QkNorm);
}
