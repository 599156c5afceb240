using Iced.Intel;
using Serverless.Inference.Kernels.Code;
using static Iced.Intel.AssemblerRegisters;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Assembles the two products of attention: each step widens a vector of the cache once for all rows of the tile.</summary>
/// <remarks>
/// The cache's blocks lie anywhere, and the processor fetches nothing ahead across pages. So while one block is read, the
/// next one of the list is fetched; behind its last block the list has one more address for that.
/// </remarks>
internal abstract class AttentionAssembler
{
    /// <summary>The most vectors of a value row that one call sums.</summary>
    public const int MaxMixColumns = 4;

    private const int Block = StepShape.BlockPositions;
    private const int GroupKeys = 16;
    private const int RowsPerBase = 3;
    private const int Unrolled = 4;
    private const int LineBytes = 64;

    public static AttentionAssembler Avx512 { get; } = new AttentionAssembler512();

    public static AttentionAssembler Avx2 { get; } = new AttentionAssembler256();

    /// <summary>Floats in a vector.</summary>
    public abstract int Width { get; }

    public abstract int MaxRows { get; }

    public abstract CodeFamily ScoreFamily { get; }

    public abstract CodeFamily MixFamily { get; }

    private int VectorBytes => Width * sizeof(float);

    private int HalfBytes => Width * sizeof(ushort);

    /// <summary>How many vectors of a value row are summed at once for this many rows.</summary>
    public abstract int MixColumns(int rows);

    public byte[] AssembleScore(CodeKey key) => Function.Assemble(a => Score(a, key.Rows, key.Length));

    public byte[] AssembleMix(CodeKey key) => Function.Assemble(a => Mix(a, key.Rows, key.Columns, key.Length));

    /// <summary>Sets sums to zero.</summary>
    protected abstract void Clear(Assembler a, int sums);

    /// <summary>Widens one vector of bfloat16 for each offset and multiplies it into each row's sum for it; sum = row * columns + column.</summary>
    protected abstract void MultiplyAdd(Assembler a, AssemblerRegister64 vectors, int[] offsets, AssemblerMemoryOperand[] rows);

    protected abstract void Store(Assembler a, AssemblerMemoryOperand target, int sum);

    /// <summary>Multiplies sums by one float and stores them side by side.</summary>
    protected abstract void StoreScaled(Assembler a, AssemblerMemoryOperand target, AssemblerMemoryOperand factor, int sum);

    private void Score(Assembler a, int rows, int headSize)
    {
        // A block's 32 keys in vectors: the vectors of a 16-key group lie side by side, the groups a head's size apart.
        var columns = Block / Width;
        var vectorsPerGroup = GroupKeys / Width;
        var keys = Enumerable.Range(0, columns)
            .Select(c => (c / vectorsPerGroup * headSize * GroupKeys * sizeof(ushort)) + (c % vectorsPerGroup * HalfBytes))
            .ToArray();

        a.mov(rax, __qword_ptr[Function.Argument]);
        a.mov(rdx, __qword_ptr[Function.Argument + 8]);
        a.mov(r8, __qword_ptr[Function.Argument + 16]);
        a.mov(rcx, __qword_ptr[Function.Argument + 24]);
        a.mov(r9, __qword_ptr[Function.Argument + 32]);

        // 1. For each block of keys,
        var nextBlock = a.CreateLabel();
        a.Label(ref nextBlock);
        a.mov(r11, __qword_ptr[rdx]);
        a.add(rdx, 8);
        a.mov(r15, __qword_ptr[rdx]);
        Clear(a, rows * columns);

        // 2. sum over the dimensions,
        a.mov(r10d, headSize / Unrolled);
        var nextDimension = a.CreateLabel();
        a.Label(ref nextDimension);
        for (var group = 0; group < Block / GroupKeys; group++)
        {
            Prefetch(a, r15 + (group * headSize * GroupKeys * sizeof(ushort)), Unrolled * GroupKeys * sizeof(ushort));
        }

        for (var d = 0; d < Unrolled; d++)
        {
            MultiplyAdd(
                a,
                r11,
                [.. keys.Select(offset => offset + (d * GroupKeys * sizeof(ushort)))],
                [.. Enumerable.Range(0, rows).Select(row => rax + ((row * headSize * sizeof(float)) + (d * sizeof(float))))]);
        }

        a.add(rax, Unrolled * sizeof(float));
        a.add(r11, Unrolled * GroupKeys * sizeof(ushort));
        a.add(r15, Unrolled * GroupKeys * sizeof(ushort));
        a.dec(r10d);
        a.jnz(nextDimension);
        a.sub(rax, headSize * sizeof(float));

        // 3. and store each row's scores.
        a.mov(r10, rcx);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                Store(a, r10 + (column * VectorBytes), (row * columns) + column);
            }

            a.add(r10, r9);
        }

        a.add(rcx, Block * sizeof(float));
        a.dec(r8);
        a.jnz(nextBlock);
    }

    private void Mix(Assembler a, int rows, int columns, int headSize)
    {
        AssemblerRegister64[] bases = [rax, rbx, rsi, rdi];
        var usedBases = (rows + RowsPerBase - 1) / RowsPerBase;
        var values = Enumerable.Range(0, columns).Select(c => c * HalfBytes).ToArray();

        // 1. Bases for every third row of weights: the rows between are one and two strides on.
        a.mov(rax, __qword_ptr[Function.Argument]);
        a.mov(r9, __qword_ptr[Function.Argument + 8]);
        a.mov(rdx, __qword_ptr[Function.Argument + 16]);
        a.mov(r8, __qword_ptr[Function.Argument + 24]);
        a.mov(r12, __qword_ptr[Function.Argument + 48]);
        a.lea(r13, __qword_ptr[r9 + (r9 * 2)]);
        for (var i = 1; i < usedBases; i++)
        {
            a.lea(bases[i], __qword_ptr[bases[i - 1] + r13]);
        }

        Clear(a, rows * columns);

        // 2. For each block, as many positions as it has,
        var nextBlock = a.CreateLabel();
        a.Label(ref nextBlock);
        a.mov(r11, __qword_ptr[rdx]);
        a.add(rdx, 8);
        a.add(r11, r12);
        a.mov(r15, __qword_ptr[rdx]);
        a.add(r15, r12);
        a.mov(r14d, Block);
        a.cmp(r8, r14);
        a.cmovb(r14, r8);
        a.sub(r8, r14);

        // 3. add the values times the weights.
        var nextKey = a.CreateLabel();
        a.Label(ref nextKey);
        Prefetch(a, r15 + 0, columns * HalfBytes);
        MultiplyAdd(a, r11, values, [.. Enumerable.Range(0, rows).Select(row => Strided(bases[row / RowsPerBase], row % RowsPerBase))]);
        for (var i = 0; i < usedBases; i++)
        {
            a.add(bases[i], sizeof(float));
        }

        a.add(r11, headSize * sizeof(ushort));
        a.add(r15, headSize * sizeof(ushort));
        a.dec(r14);
        a.jnz(nextKey);
        a.test(r8, r8);
        a.jnz(nextBlock);

        // 4. Scale and store.
        a.mov(rcx, __qword_ptr[Function.Argument + 32]);
        a.mov(rdx, __qword_ptr[Function.Argument + 40]);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                StoreScaled(
                    a, rcx + ((row * headSize * sizeof(float)) + (column * VectorBytes)), rdx + (row * sizeof(float)), (row * columns) + column);
            }
        }
    }

    // An address that is not mapped is no error here.
    private static void Prefetch(Assembler a, AssemblerMemoryOperand first, int bytes)
    {
        for (var offset = 0; offset < bytes; offset += LineBytes)
        {
            a.prefetcht0(__byte_ptr[first + offset]);
        }
    }

    private static AssemblerMemoryOperand Strided(AssemblerRegister64 first, int strides) => strides switch
    {
        0 => first + 0,
        1 => first + r9,
        _ => first + (r9 * 2),
    };
}
