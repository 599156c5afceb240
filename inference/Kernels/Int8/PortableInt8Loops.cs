using System.Runtime.Intrinsics;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>Integer tiles with 128-bit vectors of any processor.</summary>
internal sealed unsafe class PortableInt8Loops : Int8Loops
{
    private const int SumsPerRow = 8;

    public override int MaxRows => 1;

    public override int MaxPanels => 1;

    public override Int8Loop Find(int rows, int panels, int depth) => new(0, rows, panels, depth);

    /// <summary>Computes one row and one panel; a tile of more is refused by <see cref="MaxRows"/> and <see cref="MaxPanels"/>.</summary>
    public static void Run(Int8Tile* tile, int rows, int panels, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows * panels, 1);
        var sums = stackalloc Vector128<int>[SumsPerRow];
        for (var i = 0; i < SumsPerRow; i++)
        {
            sums[i] = Vector128<int>.Zero;
        }

        for (int k = 0; k < depth; k += 4)
        {
            var four = Vector128.Create(*(uint*)(tile->Activations + k)).AsByte();
            var activations = Vector128.WidenLower(four).AsInt16();
            var weights = tile->Weights + (k * Int8Tile.PanelColumns);
            for (var part = 0; part < 4; part++)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(weights + (part * 16)));
                sums[2 * part] += AddPairs(low * activations);
                sums[(2 * part) + 1] += AddPairs(high * activations);
            }
        }

        for (var i = 0; i < SumsPerRow; i++)
        {
            var column = 2 * i;
            tile->Output[column] = Finish(tile, column, sums[i][0] + sums[i][1]);
            tile->Output[column + 1] = Finish(tile, column + 1, sums[i][2] + sums[i][3]);
        }
    }

    // A product of an unsigned and a signed byte fits 16 bits; a sum of two does not.
    private static Vector128<int> AddPairs(Vector128<short> products)
    {
        var pairs = products.AsInt32();
        return ((pairs << 16) >> 16) + (pairs >> 16);
    }

    private static float Finish(Int8Tile* tile, int column, int sum) => (sum - tile->Corrections[column]) * tile->Scales[column];
}
