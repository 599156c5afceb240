namespace Serverless.Inference.Sampling;

/// <summary>Philox4x32-10: random numbers that are a function of a key and a counter, with no state between calls.</summary>
/// <remarks>Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.</remarks>
internal static class Philox
{
    private const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;
    private const int Rounds = 10;

    public readonly record struct Block(uint X0, uint X1, uint X2, uint X3);

    public static Block Next(Block counter, uint keyA, uint keyB)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var a = (ulong)MultiplierA * counter.X0;
            var b = (ulong)MultiplierB * counter.X2;
            counter = new((uint)(b >> 32) ^ counter.X1 ^ keyA, (uint)b, (uint)(a >> 32) ^ counter.X3 ^ keyB, (uint)a);
            keyA += WeylA;
            keyB += WeylB;
        }

        return counter;
    }

    /// <summary>The number in [0, 1), with 53 random bits, that belongs to a seed and a position.</summary>
    public static double Uniform(ulong seed, int position)
    {
        var block = Next(new((uint)position, 0, 0, 0), (uint)seed, (uint)(seed >> 32));
        var bits = ((ulong)block.X0 << 32) | block.X1;
        return (bits >> 11) * (1.0 / (1ul << 53));
    }
}
