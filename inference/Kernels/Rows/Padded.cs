namespace Serverless.Inference.Kernels.Rows;

/// <summary>The last values of a row whose length is no multiple of <see cref="Quantise.Step"/>, filled up with zeros.</summary>
internal static unsafe class Padded
{
    public static void Load(float* source, int count, float* step)
    {
        new Span<float>(step, Quantise.Step).Clear();
        new ReadOnlySpan<float>(source, count).CopyTo(new(step, count));
    }

    public static void Store(float* step, int count, float* target) =>
        new ReadOnlySpan<float>(step, count).CopyTo(new(target, count));
}
