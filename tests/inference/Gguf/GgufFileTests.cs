using Serverless.Inference.Gguf;

namespace Serverless.Inference.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void MetadataAndTensorsAreReadBack()
    {
        using var file = Open(Sound());

        Assert.Equal("llama", file.Metadata.Text("general.architecture"));
        Assert.Equal(7, file.Metadata.Integer("n", 0, 10));
        Assert.True(file.Metadata.Flag("yes", absent: false));
        Assert.Equal(["a", "bc"], file.Metadata.Texts("words"));
        Assert.Equal([[1, 2], [3]], ((object[])file.Metadata.Values["nested"]).Cast<int[]>());
        var tensor = file.Tensor("w");
        Assert.Equal([2L, 2L], tensor.Dimensions);
        var values = new float[4];
        file.Read(tensor, 0, values);
        Assert.Equal([1f, 2, 3, 4], values);
    }

    [Fact]
    public void EveryTruncationIsRefusedWithAnOffset()
    {
        var whole = Sound();
        for (var length = 0; length < whole.Length; length++)
        {
            var error = Assert.Throws<GgufException>(() => Open(whole[..length]));
            Assert.NotNull(error.Field);
            Assert.InRange(error.Offset, 0, whole.Length);
        }
    }

    [Fact]
    public void RandomByteFlipsGiveAResultOrAGgufException()
    {
        var random = new Random(20261124);
        var whole = Sound();
        for (var round = 0; round < 3000; round++)
        {
            var bytes = whole.ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            ReadAllOrRefuse(bytes);
        }
    }

    [Theory]
    [InlineData(0u, (byte)200)]
    [InlineData(1u, (sbyte)-100)]
    [InlineData(2u, (ushort)60_000)]
    [InlineData(3u, (short)-30_000)]
    [InlineData(4u, 4_000_000_000u)]
    [InlineData(5u, -2_000_000_000)]
    [InlineData(6u, 1.5f)]
    [InlineData(7u, true)]
    [InlineData(8u, "naïve 🚀")]
    [InlineData(10u, ulong.MaxValue)]
    [InlineData(11u, long.MinValue)]
    [InlineData(12u, Math.PI)]
    public void EveryTypeOfValueIsReadBackAloneAndInAnArray(uint type, object value)
    {
        using var file = Open(new GgufBuilder().Metadata("one", type, value).Metadata("many", 9, type, 2UL, value, value).ToArray());

        Assert.Equal(value, file.Metadata.Values["one"]);
        Assert.Equal([value, value], ((Array)file.Metadata.Values["many"]).Cast<object>());
    }

    [Fact]
    public void RandomBytesAfterTheMagicNumberAreRefusedWithoutMuchMemory()
    {
        var random = new Random(20261125);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = new byte[random.Next(8, 400)];
            random.NextBytes(bytes);
            "GGUF\u0003\0\0\0"u8.CopyTo(bytes);
            // Counts that are small now and then let the reader get past the header.
            bytes.AsSpan(Math.Min(bytes.Length, 9), Math.Max(0, Math.Min(bytes.Length, 16) - 9)).Clear();
            bytes.AsSpan(Math.Min(bytes.Length, 17), Math.Max(0, Math.Min(bytes.Length, 24) - 17)).Clear();
            File.WriteAllBytes(_path, bytes);

            var before = GC.GetAllocatedBytesForCurrentThread();
            var error = Record.Exception(() => GgufFile.Open(_path).Dispose());

            Assert.True(error is null or GgufException, error?.ToString());
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void AHostileFileIsRefusedForTheRightReason(string reason, byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<GgufException>(() => Open(bytes));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Field);
        Assert.Contains($"At byte {error.Offset}, {error.Field}", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    public static TheoryData<string, byte[]> Hostile() => new()
    {
        { "not a GGUF", "GGML and more bytes than the header"u8.ToArray() },
        { "version 1 is not supported", new GgufBuilder { Version = 1 }.ToArray() },
        { "big-endian", new GgufBuilder { Version = 0x03000000 }.ToArray() },
        { "number of tensors", new GgufBuilder { ClaimedTensors = ulong.MaxValue }.ToArray() },
        { "number of metadata entries", new GgufBuilder { ClaimedMetadata = 1UL << 62 }.ToArray() },
        { "metadata 'k': it claims", new GgufBuilder().Metadata("k", 8, ulong.MaxValue).ToArray() },
        { "metadata 'k': it claims", new GgufBuilder().Metadata("k", 9, 4u, 1UL << 61).ToArray() },
        { "value type 13 is unknown", new GgufBuilder().Metadata("k", 13, 1u).ToArray() },
        { "nested more than", new GgufBuilder().Metadata("k", 9, [.. Enumerable.Repeat<object[]>([9u, 1UL], 50).SelectMany(x => x)]).ToArray() },
        { "a boolean is 0 or 1", new GgufBuilder().Metadata("k", 7, (byte)2).ToArray() },
        { "not valid UTF-8", new GgufBuilder().Metadata("k", 8, 1UL, (byte)0xff).ToArray() },
        { "occurs twice", new GgufBuilder().Metadata("k", 4, 1u).Metadata("k", 4, 2u).ToArray() },
        { "has to be a power of two", new GgufBuilder().Metadata("general.alignment", 4, 48u).ToArray() },
        { "between 1 and", new GgufBuilder().Metadata("general.alignment", 4, 0u).ToArray() },
        { "not 0", new GgufBuilder().Tensor("w", 0, 0).Data(new byte[64]).ToArray() },
        { "not 5", new GgufBuilder().Tensor("w", 0, 0, 1, 1, 1, 1, 1).Data(new byte[64]).ToArray() },
        { "is impossible", new GgufBuilder().Tensor("w", 0, 0, 1UL << 40, 1UL << 40).Data(new byte[64]).ToArray() },
        { "is impossible", new GgufBuilder().Tensor("w", 0, 0, 0).Data(new byte[64]).ToArray() },
        { "is impossible", new GgufBuilder().Tensor("w", 0, 0, ulong.MaxValue).Data(new byte[64]).ToArray() },
        { "format 16 is not supported; supported are F32", new GgufBuilder().Tensor("w", 16, 0, 4).Data(new byte[64]).ToArray() },
        { "not a whole number of Q4_0 blocks", new GgufBuilder().Tensor("w", 2, 0, 33).Data(new byte[64]).ToArray() },
        { "not a multiple of the alignment 32", new GgufBuilder().Tensor("w", 0, 8, 4).Data(new byte[64]).ToArray() },
        { "outside the file", new GgufBuilder().Tensor("w", 0, 64, 4).Data(new byte[64]).ToArray() },
        { "outside the file", new GgufBuilder().Tensor("w", 0, 1UL << 62, 4).Data(new byte[64]).ToArray() },
        { "two tensors have this name", new GgufBuilder().Tensor("w", 0, 0, 4).Tensor("w", 0, 0, 4).Data(new byte[64]).ToArray() },
    };

    private static byte[] Sound() => new GgufBuilder()
        .Metadata("general.architecture", 8, "llama")
        .Metadata("n", 4, 7u)
        .Metadata("yes", 7, true)
        .Metadata("words", 9, 8u, 2UL, "a", "bc")
        .Metadata("nested", 9, 9u, 2UL, 5u, 2UL, 1, 2, 5u, 1UL, 3)
        .Tensor("w", 0, 0, 2, 2)
        .Data([.. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)])
        .ToArray();

    private GgufFile Open(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        return GgufFile.Open(_path);
    }

    private void ReadAllOrRefuse(byte[] bytes)
    {
        try
        {
            using var file = Open(bytes);
            foreach (var tensor in file.Tensors)
            {
                file.Read(tensor, 0, new float[tensor.Elements]);
            }
        }
        catch (GgufException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }
}
