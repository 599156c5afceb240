using Serverless.Inference.Execution;

namespace Serverless.Inference.Tests.Execution;

public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(HugePages.Size - 1, 64)]
    [InlineData(HugePages.Size, HugePages.Size)]
    [InlineData((3 * HugePages.Size) + 100, HugePages.Size)]
    public void ItIsZeroAlignedAndWritableToItsLastByte(int length, int alignment)
    {
        using var buffer = new NativeBuffer(length);

        Assert.Equal(0, buffer.Address % alignment);
        Assert.Equal(length, buffer.Span.Length);
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept((byte)0));
        buffer.Span.Fill(7);
        Assert.Equal(-1, buffer.Span.IndexOfAnyExcept((byte)7));
    }

    [Fact]
    public void ItHasNoAddressOnceItIsGone()
    {
        var buffer = new NativeBuffer(HugePages.Size);
        buffer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
    }
}
