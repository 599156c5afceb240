using System.Text.Json.Serialization;
using Serverless.Core.Jobs;

namespace Serverless.Core.Idempotency;

/// <summary>The first use of a key; stored once and never changed.</summary>
/// <param name="Digest">The digest of the request that the key came with.</param>
/// <param name="Job">The id of the job that the request becomes.</param>
/// <param name="CreatedAt">When the key was used first.</param>
public sealed record IdempotencyRecord(string Digest, JobId Job, DateTimeOffset CreatedAt);

/// <summary>What the acceptance of a key's request came to; stored once, by whoever is first to decide it.</summary>
/// <param name="Job">The job that answers: the record's own, or one that had the answer; null when nothing was accepted.</param>
/// <param name="Cache">The header <c>x-cache</c> of the first answer.</param>
public sealed record IdempotencyOutcome(JobId? Job, string? Cache)
{
    public static readonly IdempotencyOutcome Refused = new(null, null);
}

/// <summary>A key as it stands.</summary>
/// <param name="Record">Its first use.</param>
/// <param name="IsNew">Whether that use is the caller's own.</param>
/// <param name="Outcome">What it came to; null while that is open.</param>
/// <param name="Result">How the job that answers ended, once it has.</param>
public sealed record IdempotencyClaim(IdempotencyRecord Record, bool IsNew, IdempotencyOutcome? Outcome = null, JobResult? Result = null);

/// <summary>What a look at a key found.</summary>
/// <param name="Key">The digest of tenant and key.</param>
/// <param name="Digest">The digest of the request at hand.</param>
/// <param name="Path">Where the key's next use would be recorded.</param>
/// <param name="Claim">The key as it stands; null when it is free.</param>
public sealed record IdempotencyLookup(string Key, string Digest, string Path, IdempotencyClaim? Claim);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IdempotencyRecord))]
[JsonSerializable(typeof(IdempotencyOutcome))]
internal sealed partial class IdempotencyJson : JsonSerializerContext;
