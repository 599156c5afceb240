using System.Text;
using Microsoft.Extensions.Options;
using Serverless.Core.Queue;
using Serverless.Core.Queue.ServiceBus;
using Serverless.Local.Broker;

namespace Serverless.Local.Tests.Broker;

/// <summary>A broker in a folder of its own, and clients for it.</summary>
internal sealed class BrokerHost : IAsyncDisposable
{
    private readonly List<ServiceBusQueueClient> _clients = [];
    private readonly Action<BrokerOptions>? _configure;

    private BrokerHost(Action<BrokerOptions>? configure) => _configure = configure;

    public string Folder { get; } = Directory.CreateTempSubdirectory("broker-").FullName;

    public EmbeddedBroker Broker { get; private set; } = null!;

    public static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    public static async Task<BrokerHost> StartAsync(Action<BrokerOptions>? configure = null)
    {
        var host = new BrokerHost(configure);
        await host.StartBrokerAsync(port: 0);
        return host;
    }

    public static QueueMessage Text(string id, string body = "hello") => new() { Id = id, Body = Encoding.UTF8.GetBytes(body) };

    public static string Text(ReceivedMessage message) => Encoding.UTF8.GetString(message.Message.Body.Span);

    public ServiceBusQueueClient Client(Action<QueueOptions>? configure = null)
    {
        var options = new QueueOptions { ConnectionString = Broker.ConnectionString };
        configure?.Invoke(options);
        var client = new ServiceBusQueueClient(Options.Create(options));
        _clients.Add(client);
        return client;
    }

    public async Task RestartAsync()
    {
        var port = Broker.Port;
        await Broker.DisposeAsync();
        await StartBrokerAsync(port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Broker.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task StartBrokerAsync(int port)
    {
        var options = new BrokerOptions { DataFolder = Folder, Port = port };
        _configure?.Invoke(options);
        Broker = await EmbeddedBroker.StartAsync(options);
    }
}
