using System.Buffers;
using System.Text.Json;
using Serverless.Core.Jobs;

namespace Serverless.Functions.Errors;

/// <summary>Writes OpenAI's error body: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal static class ErrorAnswer
{
    public static async Task WriteAsync(HttpContext context, JobError error, int? retryAfterSeconds = null)
    {
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        if (retryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, error);
            json.WriteEndObject();
        }

        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }
    }

    /// <summary>Writes the property <c>error</c>.</summary>
    public static void Write(Utf8JsonWriter json, JobError error)
    {
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Type);
        json.WriteString("param", error.Param);
        json.WriteString("code", error.Code);
        json.WriteEndObject();
    }
}
