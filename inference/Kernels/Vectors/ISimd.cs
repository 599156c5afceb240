namespace Serverless.Inference.Kernels.Vectors;

/// <summary>Float arithmetic on vectors of one width, so that a loop is written once for all widths.</summary>
/// <remarks>Sums over lanes have one fixed order for each width; widths may differ from one another in the last bits.</remarks>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Lanes in a vector: 16, 8 or 4.</summary>
    static abstract int Width { get; }

    static abstract V Zero { get; }

    static abstract V Create(float value);

    static abstract V Load(float* source);

    static abstract void Store(V value, float* target);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a * b + c.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    static abstract V Max(V a, V b);

    /// <summary>The larger magnitude of a, itself a magnitude, and b; a NaN counts as larger than infinity.</summary>
    static abstract V MaxMagnitude(V a, V b);

    /// <summary>The largest lane of magnitudes; a NaN counts as larger than infinity.</summary>
    static abstract float LargestMagnitude(V value);

    static abstract float Largest(V value);

    static abstract float Sum(V value);

    /// <summary>e to the power of each lane, within about 2 units in the last place, for -87 to 88; beyond that the nearest end's value.</summary>
    static abstract V Exp(V value);

    /// <summary>Keeps the first <paramref name="count"/> lanes and fills the others.</summary>
    static abstract V Keep(V value, int count, V others);

    /// <summary>Rounds to bfloat16, halves to even, and stores.</summary>
    static abstract void StoreBFloat16(V value, ushort* target);

    /// <summary>Stores 16 values times a factor, rounded, as bytes around 128.</summary>
    static abstract void StoreBytes(float* source, V factor, byte* target);
}
