using System.Text.Json.Serialization;
using Serverless.Core.Deployments;
using Serverless.Core.Keys;

namespace Serverless.Core.Jobs;

/// <summary>How our own records look as JSON: snake case, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 128)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobMessage))]
[JsonSerializable(typeof(JobResult))]
[JsonSerializable(typeof(JobEvent))]
[JsonSerializable(typeof(JobError))]
[JsonSerializable(typeof(KeyRecord))]
[JsonSerializable(typeof(Deployment))]
public sealed partial class JobJson : JsonSerializerContext;
