using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Listener;
using Amqp.Types;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Broker.Wire;

namespace Serverless.Local.Broker;

/// <summary>A durable message broker in this process that speaks Service Bus's AMQP dialect, on 127.0.0.1 only.</summary>
public sealed partial class EmbeddedBroker : IAsyncDisposable
{
    private const int BindAttempts = 20;
    private readonly FileStream _owner;
    private readonly BrokerCore _core;
    private ConnectionListener? _listener;
    private int _disposed;

    private EmbeddedBroker(BrokerOptions options, TimeProvider time, ILogger logger)
    {
        Directory.CreateDirectory(options.DataFolder);
        _owner = Own(options.DataFolder);
        try
        {
            _core = new BrokerCore(options, time, error =>
            {
                LogFailed(logger, error);
                _listener?.Close();
            });
        }
        catch
        {
            _owner.Dispose();
            throw;
        }

        if (_core.TornBytes > 0)
        {
            LogTorn(logger, _core.TornBytes);
        }
    }

    public int Port { get; private set; }

    /// <summary>A connection string for Service Bus's clients; it carries the broker's key.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={BrokerKey.Name};SharedAccessKey={_core.Key.Value};UseDevelopmentEmulator=true;";

    /// <summary>Recovers the queues from the data folder and starts to listen.</summary>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="IOException">The port is taken, or another broker uses the data folder.</exception>
    public static Task<EmbeddedBroker> StartAsync(BrokerOptions options, TimeProvider? time = null, ILogger? logger = null)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return Task.Run(async () =>
        {
            var broker = new EmbeddedBroker(options, time ?? TimeProvider.System, logger ?? NullLogger.Instance);
            try
            {
                broker.Listen(options.Port);
                return broker;
            }
            catch
            {
                await broker.DisposeAsync();
                throw;
            }
        });
    }

    /// <summary>Closes every connection; what is in the queues stays for the next start.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _listener?.Close();
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _core.Stop(done.SetResult);
            return new(done.Task.ContinueWith(_ => _owner.Dispose(), TaskScheduler.Default));
        }

        return ValueTask.CompletedTask;
    }

    private static FileStream Own(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "broker.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"Another broker uses the data folder '{folder}'. Stop it, or choose another folder.", error);
        }
    }

    // The library does not say which port it took, so a free one is found first and taken with retries.
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void Listen(int wanted)
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = wanted == 0 ? FreePort() : wanted;

            // By number: the library binds every address of the machine for the name 'localhost'.
            _listener = new ConnectionListener(new Address($"amqp://127.0.0.1:{Port}"), new BrokerContainer(new LinkRouter(_core)));
            foreach (var mechanism in new[] { "ANONYMOUS", "MSSBCBS" })
            {
                _listener.SASL.EnableMechanism(new Symbol(mechanism), new AnonymousSasl(mechanism));
            }

            _listener.AMQP.MaxFrameSize = 65_536;
            _listener.AMQP.IdleTimeout = 120_000;
            _listener.AMQP.MaxSessionsPerConnection = 1_000;
            _listener.HandlerFactory = _ => new DeliveryTags();
            try
            {
                _listener.Open();
                return;
            }
            catch (SocketException) when (wanted == 0 && attempt < BindAttempts)
            {
                continue;
            }
            catch (SocketException error)
            {
                throw new IOException($"Port {Port} on 127.0.0.1 cannot be opened: {error.Message}. Choose another port, or 0 for a free one.", error);
            }
        }
    }

    [LoggerMessage(LogLevel.Critical, "The broker's journal cannot be written; every connection is closed and nothing is acknowledged. Restart it when the cause is gone.")]
    private static partial void LogFailed(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "The broker's journal ended in {Bytes} bytes of an unfinished write, which were never acknowledged and are cut off.")]
    private static partial void LogTorn(ILogger logger, long bytes);
}
