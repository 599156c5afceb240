using Microsoft.OpenApi;

namespace Serverless.Functions.OpenApi;

/// <summary>The headers that answers carry.</summary>
internal static class AnswerHeaders
{
    /// <summary>Those of every answer.</summary>
    public static readonly string[] Everywhere = ["x-request-id", "openai-processing-ms"];

    /// <summary>Those of an answer that a job gave.</summary>
    public static readonly string[] OfJobs = ["x-job-id", "x-cache", "age", "server-timing"];

    public static IEnumerable<(string Name, OpenApiHeader Header)> All() =>
    [
        ("x-request-id", Header("Names the request; quote it when you report a problem.", Schemas.Text())),
        ("openai-processing-ms", Header("Milliseconds from the request's arrival to the answer's headers.", Schemas.Count())),
        ("x-job-id", Header("The job that answers.", Schemas.Text())),
        ("x-cache", Header("Where the answer came from: the prompt cache, a new job, an equal request's job, or a job past the cache.", Schemas.OneOf("hit", "miss", "shared", "bypass"))),
        ("age", Header("How old an answer from the cache is, in seconds.", Schemas.Count())),
        ("server-timing", Header(
            "Milliseconds of each part: auth, cache, and for an answer that is whole and new also queue and engine. " +
            "A stream's headers are sent before those are known; GET /v1/jobs/{id} has its job's times.", Schemas.Text())),
        ("idempotent-replayed", Header("true when an earlier call with the same Idempotency-Key made the job that answers.", Schemas.OneOf("true"))),
        ("location", Header("Where the job is.", Schemas.Text())),
        ("retry-after", Header("Seconds after which to ask again.", Schemas.Count())),
        ("x-ignored-parameters", Header("The parameters that were sent and mean nothing here.", Schemas.Text())),
    ];

    public static Dictionary<string, IOpenApiHeader> References(IEnumerable<string> names, OpenApiDocument? document) =>
        names.ToDictionary(name => name, IOpenApiHeader (name) => new OpenApiHeaderReference(name, document));

    private static OpenApiHeader Header(string description, OpenApiSchema schema) => new() { Description = description, Schema = schema };
}
