using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Bench.Measuring;

/// <summary>The rows in the form of <c>--json</c>.</summary>
internal sealed record JsonRows(Machine Machine, IReadOnlyList<Row> Rows)
{
    public void Write(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, BenchJson.Default.JsonRows));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JsonRows))]
internal sealed partial class BenchJson : JsonSerializerContext;
