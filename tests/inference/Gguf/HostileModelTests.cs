using Serverless.Inference.Gguf;
using Serverless.Inference.Onnx;
using Serverless.Inference.Onnx.Importing;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Gguf;

/// <summary>A real model file with one or two numbers of its header changed, or its end cut off, a thousand times over.</summary>
public sealed class HostileModelTests : IDisposable
{
    private const int Mutations = 1_000;
    private const long MostMemory = 256 << 20;

    // What a count, a length, a type, a dimension or an offset is likely to be when somebody means harm.
    private static readonly ulong[] Values =
    [
        0, 1, 2, 3, 5, 7, 8, 9, 12, 13, 16, 30, 31, 32, 33, 64, 127, 255, 256, 4_096, 65_535, 65_536, 1_000_000, int.MaxValue, 1UL << 31, uint.MaxValue,
        1UL << 32, 1UL << 40, 1UL << 48, 1UL << 61, 1UL << 62, long.MaxValue, 1UL << 63, ulong.MaxValue - 31, ulong.MaxValue,
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("hostile-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AMutatedModelGivesAResultOrAnErrorThatNamesOffsetAndFieldAndTakesNoMoreMemory()
    {
        var sound = File.ReadAllBytes(FixtureFolder.File(Path.Combine("tiny-models", "tiny-llama.bf16.gguf")));
        var fields = GgufFields.Of(sound).ToLookup(field => field.Kind);
        var kinds = fields.Select(kind => kind.Key).Order().ToArray();
        var random = new Random(20261125);
        var refused = 0;
        for (var round = 0; round < Mutations; round++)
        {
            var (bytes, said) = Mutate(sound, fields, kinds, round, random);
            var before = GC.GetTotalAllocatedBytes();

            var error = Record.Exception(() => Use(bytes, round % 2 == 0 ? ModelPrecision.Quantised : ModelPrecision.Full));

            Assert.True(error is null or GgufException or ImportException, $"{said}: {error}");
            if (error is GgufException refusal)
            {
                refused++;
                Assert.True(refusal.Field is not null && refusal.Message.StartsWith($"At byte {refusal.Offset}, {refusal.Field}: ", StringComparison.Ordinal), $"{said}: {refusal.Message}");
                Assert.True(refusal.Offset >= 0 && refusal.Offset <= sound.Length, $"{said}: {refusal.Message}");
            }

            var taken = GC.GetTotalAllocatedBytes() - before;
            Assert.True(taken < MostMemory, $"{said}: took {taken} bytes");
        }

        // Most mutations are seen; a thousand that all passed would have tried nothing.
        Assert.InRange(refused, Mutations / 3, Mutations);
    }

    // Each kind of field in turn; now and then a second one, or the end cut off.
    private static (byte[] Bytes, string Said) Mutate(byte[] sound, ILookup<string, (int Offset, int Width, string Kind)> fields, string[] kinds, int round, Random random)
    {
        var bytes = sound.ToArray();
        var said = $"mutation {round}";
        for (var count = random.Next(4) == 0 ? 2 : 1; count > 0; count--)
        {
            var candidates = fields[kinds[(round + count) % kinds.Length]].ToArray();
            var (offset, width, kind) = candidates[random.Next(candidates.Length)];
            var value = BitConverter.GetBytes(Values[random.Next(Values.Length)])[..width];
            value.CopyTo(bytes, offset);
            said += $", {kind} at {offset} = {Convert.ToHexString(value)}";
        }

        var length = random.Next(6) == 0 ? random.Next(bytes.Length) : bytes.Length;
        return (bytes[..length], $"{said}, {length} bytes");
    }

    private void Use(byte[] bytes, ModelPrecision precision)
    {
        var path = Path.Combine(_folder, "model.gguf");
        File.WriteAllBytes(path, bytes);
        using (var file = GgufFile.Open(path))
        {
            foreach (var tensor in file.Tensors)
            {
                file.Read(tensor, 0, new float[tensor.Elements]);
            }
        }

        var target = Directory.CreateDirectory(Path.Combine(_folder, "imported")).FullName;
        try
        {
            ModelImporter.Import(path, "digest", target, new() { Precision = precision, Threads = 2 }, null, CancellationToken.None);
        }
        finally
        {
            Directory.Delete(target, recursive: true);
        }
    }
}
