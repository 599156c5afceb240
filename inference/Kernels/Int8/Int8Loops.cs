using Serverless.Inference.Kernels.Code;

namespace Serverless.Inference.Kernels.Int8;

/// <summary>The integer loops of one instruction set; all of them give the same bits.</summary>
internal abstract class Int8Loops
{
    /// <summary>The most activation rows that one call takes.</summary>
    public abstract int MaxRows { get; }

    /// <summary>The most panels that one call takes.</summary>
    public abstract int MaxPanels { get; }

    public static Int8Loops For(KernelEnvironment environment) => environment.InstructionSet switch
    {
        InstructionSet.Avx512Vnni => new AssembledInt8Loops(environment.Code, CodeFamily.Int8Avx512Vnni, 12, 2, Int8Avx512Assembler.Assemble),
        InstructionSet.Avx2 => new AssembledInt8Loops(environment.Code, CodeFamily.Int8Avx2, 2, 1, Int8Avx2Assembler.Assemble),
        _ => new PortableInt8Loops(),
    };

    /// <summary>The loop for a shape, to be used while the kernel that asks is alive.</summary>
    public abstract Int8Loop Find(int rows, int panels, int depth);
}

/// <summary>A loop for one shape of tile.</summary>
internal readonly unsafe struct Int8Loop(nint code, int rows, int panels, int depth)
{
    public void Run(Int8Tile* tile)
    {
        if (code != 0)
        {
            ((delegate* unmanaged[Cdecl, SuppressGCTransition]<Int8Tile*, void>)code)(tile);
        }
        else
        {
            PortableInt8Loops.Run(tile, rows, panels, depth);
        }
    }
}

/// <summary>Loops that are assembled when first needed.</summary>
internal sealed class AssembledInt8Loops(CodeCache cache, CodeFamily family, int maxRows, int maxPanels, Func<CodeKey, byte[]> assemble)
    : Int8Loops
{
    public override int MaxRows => maxRows;

    public override int MaxPanels => maxPanels;

    public override Int8Loop Find(int rows, int panels, int depth) =>
        new(cache.Find(new(family, rows, panels, depth), assemble), rows, panels, depth);
}
