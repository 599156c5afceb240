using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Serverless.Core.Jobs;
using Serverless.Functions.Errors;

namespace Serverless.Functions.Hosting;

/// <summary>Gives OpenAI's error body to what the server refuses before there is a request that the API could see.</summary>
/// <remarks>Kestrel answers malformed HTTP with a bare status and closes the connection; it has no place to say more.</remarks>
internal static class EarlyRefusals
{
    private static ReadOnlySpan<byte> Refused => "HTTP/1.1 4"u8;

    private static ReadOnlySpan<byte> Bare => "\r\nContent-Length: 0\r\nConnection: close\r\n"u8;

    public static void Explain(ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        connection.Transport = new Duplex(connection.Transport.Input, new ExplainingWriter(connection.Transport.Output));
        return next(connection);
    });

    /// <returns>The whole answer in place of a bare one; null for every other.</returns>
    internal static byte[]? Explain(ReadOnlySpan<byte> answer)
    {
        // The API's own answers have a body, and so never this head.
        if (!answer.StartsWith(Refused) || answer.IndexOf(Bare) < 0 || !answer.EndsWith("\r\n\r\n"u8))
        {
            return null;
        }

        var statusLine = Encoding.ASCII.GetString(answer[..answer.IndexOf("\r\n"u8)]);
        var error = Error(int.Parse(statusLine.AsSpan(9, 3), null));
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            ErrorAnswer.Write(json, error);
            json.WriteEndObject();
        }

        var head = $"{statusLine}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {body.WrittenCount}\r\nConnection: close\r\nx-request-id: {ErrorMiddleware.NewRequestId()}\r\nopenai-processing-ms: 0\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body.WrittenSpan];
    }

    private static JobError Error(int status) => status switch
    {
        StatusCodes.Status408RequestTimeout => new(status, "invalid_request_error", "The request took too long to arrive.", null, "request_timeout"),
        StatusCodes.Status413PayloadTooLarge => new(status, "invalid_request_error", "The request body is larger than this server takes.", null, "request_too_large"),
        StatusCodes.Status414UriTooLong => new(status, "invalid_request_error", "The URL is longer than this server takes.", null, "url_too_long"),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(status, "invalid_request_error", "The headers are more or larger than this server takes.", null, "headers_too_large"),
        _ => new(status, "invalid_request_error", "This is no valid HTTP request: check the path, the Host and the other headers for characters that may not be there.", null, "malformed_request"),
    };

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Passes everything on, and replaces a bare refusal, which is always written in one piece.</summary>
    private sealed class ExplainingWriter(PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _memory;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            if (Explain(_memory.Span[..bytes]) is { } answer && answer.Length <= _memory.Length)
            {
                answer.CopyTo(_memory);
                bytes = answer.Length;
            }

            inner.Advance(bytes);
            _memory = _memory[bytes..];
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(source, cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
