using Serverless.Inference.Sampling;

namespace Serverless.Inference.Tests.Sampling;

public sealed class PhiloxTests
{
    // Known answers published with the reference implementation, Random123 (kat_vectors, philox4x32 10).
    [Theory]
    [InlineData(0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)]
    [InlineData(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)]
    public void AgreesWithThePublishedVectors(
        uint c0, uint c1, uint c2, uint c3, uint keyA, uint keyB, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal(new(x0, x1, x2, x3), Philox.Next(new(c0, c1, c2, c3), keyA, keyB));

    [Fact]
    public void UniformNumbersAreSpreadEvenlyAndDependOnSeedAndPosition()
    {
        var numbers = Enumerable.Range(0, 20_000).Select(position => Philox.Uniform(42, position)).ToList();

        Assert.All(numbers, number => Assert.InRange(number, 0, 0.9999999999999999));
        Assert.InRange(numbers.Average(), 0.49, 0.51);
        Assert.All(numbers.CountBy(number => (int)(number * 10)), bin => Assert.InRange(bin.Value, 1_800, 2_200));
        Assert.NotEqual(Philox.Uniform(42, 1), Philox.Uniform(43, 1));
        Assert.NotEqual(Philox.Uniform(42, 1), Philox.Uniform(42ul << 32, 1));
    }
}
