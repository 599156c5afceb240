using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Answers;

/// <summary>Writes server-sent events (WHATWG HTML, section 9.2) to a response, waiting for a slow reader rather than buffering.</summary>
internal sealed class SseWriter(HttpContext context) : IDisposable
{
    private const string ContentType = "text/event-stream";
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json = new(Stream.Null, JsonAnswer.Options);

    public void Dispose() => _json.Dispose();

    /// <summary>Whether the response is a stream of events whose headers are sent.</summary>
    public static bool HasBegun(HttpContext context) =>
        context.Response.HasStarted && (context.Response.ContentType?.StartsWith(ContentType, StringComparison.Ordinal) ?? false);

    /// <summary>Sends the headers that keep every proxy from holding events back.</summary>
    public static async Task BeginAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = $"{ContentType}; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache, no-transform";
        context.Response.Headers["x-accel-buffering"] = "no";
        await context.Response.StartAsync(context.RequestAborted);
    }

    /// <summary>Adds an event; it is sent by <see cref="FlushAsync"/>.</summary>
    public void Add(Action<Utf8JsonWriter> write, long? id = null)
    {
        if (id is { } number)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"id: {number}\n"));
        }

        Add("data: ");
        _json.Reset(_buffer);
        write(_json);
        _json.Flush();
        Add("\n\n");
    }

    /// <summary>Adds OpenAI's error body as an event; it is the last one, and no <c>[DONE]</c> follows.</summary>
    public void AddError(JobError error) => Add(json =>
    {
        json.WriteStartObject();
        ErrorAnswer.Write(json, error);
        json.WriteEndObject();
    });

    public void AddDone() => Add("data: [DONE]\n\n");

    /// <summary>Adds a comment, which readers skip.</summary>
    public void AddHeartbeat() => Add(": keep-alive\n\n");

    public async Task FlushAsync()
    {
        if (_buffer.WrittenCount > 0)
        {
            await context.Response.Body.WriteAsync(_buffer.WrittenMemory, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            _buffer.ResetWrittenCount();
        }
    }

    private void Add(string text) => Encoding.UTF8.GetBytes(text, _buffer);
}
