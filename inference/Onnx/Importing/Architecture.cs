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

    /// <summary>Finds a family, or refuses with the list of those that are supported.</summary>
    public static Architecture Find(string name) => All.FirstOrDefault(family => family.Name == name)
        ?? throw new ImportException($"Architecture '{name}' is not supported; supported are: {string.Join(", ", All.Select(family => family.Name))}.");
}
