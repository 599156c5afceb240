using System.Net;
using System.Net.Sockets;

namespace Serverless.Core.Webhooks;

/// <summary>Resolves a receiver's name and connects to the very address that was checked, so that no second look-up can lead elsewhere.</summary>
internal sealed class GuardedConnector(bool allowPrivate, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = await resolve(endpoint.Host, cancellationToken);
        var allowed = Array.FindAll(addresses, address => AddressGuard.IsAllowed(address, allowPrivate));
        if (allowed.Length == 0)
        {
            throw new AddressRefusedException();
        }

        for (var i = 0; ; i++)
        {
            var socket = new Socket(allowed[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(allowed[i], endpoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception error)
            {
                socket.Dispose();
                if (error is not SocketException || i == allowed.Length - 1)
                {
                    throw;
                }
            }
        }
    }
}

/// <summary>A receiver whose name leads to no address that a webhook may go to.</summary>
internal sealed class AddressRefusedException() : IOException("The receiver's name leads to no public address.");
