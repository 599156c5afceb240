using System.Net.Sockets;
using System.Text;

namespace Serverless.Functions.Tests.BadInput;

/// <summary>Sends bytes that no HTTP client would, and reads what the server answers before it closes.</summary>
internal static class RawConnection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="server">Where to.</param>
    /// <param name="request">The whole request, a character for each byte.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Answer> SendAsync(Uri server, string request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, limit.Token);
        await using var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            await stream.CopyToAsync(answer, limit.Token);
        }
        catch (IOException) when (answer.Length > 0)
        {
            // A server that refuses early need not read the rest; what it said has arrived.
        }

        return Parse(Encoding.UTF8.GetString(answer.ToArray()));
    }

    private static Answer Parse(string text)
    {
        Assert.NotEqual("", text);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        return new Answer(int.Parse(lines[0].AsSpan(9, 3), null), headers, text[(end + 4)..]);
    }
}
