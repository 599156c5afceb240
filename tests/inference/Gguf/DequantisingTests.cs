using System.Text.Json;
using Serverless.Inference.Gguf.Dequantising;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Gguf;

public sealed class DequantisingTests
{
    public static TheoryData<string> Cases()
    {
        using var cases = Load();
        return [.. cases.RootElement.EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!)];
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryFormatGivesTheReferenceValuesExactly(string name)
    {
        using var cases = Load();
        var entry = cases.RootElement.EnumerateArray().Single(candidate => candidate.GetProperty("name").GetString() == name);
        var format = TensorFormats.Find(entry.GetProperty("type").GetUInt32());

        Assert.NotNull(format);
        Assert.Equal(name, format.Type.ToString());
        Assert.Equal(entry.GetProperty("blockElements").GetInt32(), format.BlockElements);
        Assert.Equal(entry.GetProperty("blockBytes").GetInt32(), format.BlockBytes);

        var expected = entry.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()).ToArray();
        var actual = new float[expected.Length];
        format.Decode(entry.GetProperty("bytes").GetBytesFromBase64(), actual);
        Assert.Equal(expected, actual);
    }

    private static JsonDocument Load() => JsonDocument.Parse(File.ReadAllBytes(FixtureFolder.File("gguf-dequantise.json")));
}
