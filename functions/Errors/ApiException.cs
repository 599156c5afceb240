using Serverless.Core.Jobs;

namespace Serverless.Functions.Errors;

/// <summary>A request that is refused, with the answer it gets.</summary>
internal sealed class ApiException(JobError error, int? retryAfterSeconds = null) : Exception(error.Message)
{
    public JobError Error { get; } = error;

    public int? RetryAfterSeconds { get; } = retryAfterSeconds;

    public static ApiException Invalid(string message, string? param = null, string? code = null) =>
        new(JobError.Invalid(message, param, code));

    public static ApiException NotFound(string message, string? param = null, string? code = null) =>
        new(new JobError(404, "invalid_request_error", message, param, code));

    public static ApiException Unavailable(string message) =>
        new(new JobError(503, "server_error", message, null, "service_unavailable"), retryAfterSeconds: 2);
}
