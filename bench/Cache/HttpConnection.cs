using System.Buffers.Text;
using System.Net.Sockets;

namespace Serverless.Bench.Cache;

/// <summary>One kept-open connection that sends the same bytes again and again, without allocating: beside the server it measures, a client must cost little.</summary>
internal sealed class HttpConnection(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    public static async Task<HttpConnection> OpenAsync(Uri address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
        return new(socket);
    }

    /// <summary>Sends a request and reads its whole answer, which must have a Content-Length.</summary>
    /// <returns>Whether the answer was 200 and its header <c>x-cache</c> says hit.</returns>
    public async ValueTask<bool> AskAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < request.Length;)
        {
            sent += await socket.SendAsync(request[sent..], SocketFlags.None, cancellationToken);
        }

        var (received, head) = (0, -1);
        while (head < 0)
        {
            received += await ReceiveAsync(received, cancellationToken);
            head = _buffer.AsSpan(0, received).IndexOf("\r\n\r\n"u8);
        }

        var total = head + 4 + BodyLength(_buffer.AsSpan(0, head + 2));
        while (received < total)
        {
            received += await ReceiveAsync(received, cancellationToken);
        }

        var headers = _buffer.AsSpan(0, head + 2);
        return headers.StartsWith("HTTP/1.1 200"u8) && headers.IndexOf("x-cache: hit\r\n"u8) > 0;
    }

    public void Dispose() => socket.Dispose();

    private static int BodyLength(ReadOnlySpan<byte> headers)
    {
        var name = "Content-Length: "u8;
        var at = headers.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(headers[(at + name.Length)..], out int length, out _)
            ? length
            : throw new InvalidDataException("The answer has no Content-Length.");
    }

    private async ValueTask<int> ReceiveAsync(int offset, CancellationToken cancellationToken)
    {
        var count = await socket.ReceiveAsync(_buffer.AsMemory(offset), SocketFlags.None, cancellationToken);
        return count > 0 ? count : throw new EndOfStreamException("The server closed the connection, or its answer is larger than 64 KiB.");
    }
}
