using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Store;
using Serverless.Functions.Answers;

namespace Serverless.Functions.Errors;

/// <summary>Gives every request its id and timing, and every failure OpenAI's error body.</summary>
internal sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var requestId = NewRequestId();
        context.Response.Headers["x-request-id"] = requestId;
        ServerTiming.Start(context);
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.ContentLength is null && context.Response.ContentType is null
                && Bare(context) is { } error)
            {
                await ErrorAnswer.WriteAsync(context, error);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is nobody to answer.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var answer = Translate(error, context, requestId);
            await ErrorAnswer.WriteAsync(context, answer.Error, answer.RetryAfterSeconds);
        }
        catch (Exception error) when (SseWriter.HasBegun(context))
        {
            // The status is sent already: the reader is told by a last event, rather than by a cut connection.
            using var sse = new SseWriter(context);
            sse.AddError(Translate(error, context, requestId).Error);
            await sse.FlushAsync();
        }
    }

    public static string NewRequestId() => "req_" + Guid.CreateVersion7().ToString("N");

    private ApiException Translate(Exception error, HttpContext context, string requestId)
    {
        switch (error)
        {
            case ApiException refused:
                return refused;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new ApiException(new JobError(413, "invalid_request_error", "The request body is larger than this server takes.", null, "request_too_large"));
            case BadHttpRequestException bad:
                return new ApiException(new JobError(bad.StatusCode, "invalid_request_error", bad.Message));
            case HotStateUnavailableException or StoreException or QueueException:
                LogAway(logger, requestId, error.Message);
                return ApiException.Unavailable(context.Response.HasStarted || context.Response.Headers.ContainsKey("x-job-id")
                    ? "A part of the service is not reachable at the moment. GET /v1/jobs/{id} tells what becomes of the job."
                    : "A part of the service is not reachable at the moment. Nothing was accepted; please try again.");
            default:
                LogFailure(logger, error, context.Request.Method, requestId);
                return new ApiException(JobError.Server($"The server had an error while processing your request. Please quote the request id {requestId} when you report it.", "internal_error"));
        }
    }

    // Answers that routing gives without a body.
    private static JobError? Bare(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new(404, "invalid_request_error", "There is nothing at this URL. See /docs for what there is.", null, "unknown_url"),
        StatusCodes.Status405MethodNotAllowed => new(405, "invalid_request_error", $"This URL does not take {context.Request.Method}.", null, "method_not_allowed"),
        StatusCodes.Status415UnsupportedMediaType => new(415, "invalid_request_error", "Send the body as Content-Type: application/json.", null, "unsupported_media_type"),
        _ => null,
    };

    [LoggerMessage(LogLevel.Error, "{Method} failed, request {RequestId}")]
    private static partial void LogFailure(ILogger logger, Exception error, string method, string requestId);

    [LoggerMessage(LogLevel.Warning, "Request {RequestId} was answered 503: {Reason}")]
    private static partial void LogAway(ILogger logger, string requestId, string reason);
}
