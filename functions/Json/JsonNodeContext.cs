using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Serverless.Functions.Json;

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class JsonNodeContext : JsonSerializerContext;
