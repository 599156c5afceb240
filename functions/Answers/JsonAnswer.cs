using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Serverless.Functions.Answers;

/// <summary>Writes a JSON body in one piece.</summary>
internal static class JsonAnswer
{
    /// <summary>Text stays readable: only what JSON itself demands is escaped, as the content type keeps it from being read as HTML.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
