using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>One call of an integer loop: some rows of activations times one or more panels of 16 weight columns.</summary>
/// <remarks>Assembled code reads the fields by their offsets, eight bytes each.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Int8Tile
{
    public const int PanelColumns = 16;

    /// <summary>Activations, rows of K bytes, zero point 128.</summary>
    public byte* Activations;

    /// <summary>Weight panels, [K/4][16 columns][4].</summary>
    public sbyte* Weights;

    /// <summary>128 times the sum of each column's weights.</summary>
    public int* Corrections;

    /// <summary>Each column's scale.</summary>
    public float* Scales;

    public float* Output;

    public long OutputStrideBytes;
}
