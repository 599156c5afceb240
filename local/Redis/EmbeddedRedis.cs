using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.common;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Serverless.Local.Redis;

/// <summary>Garnet, a server that speaks Redis's protocol, inside this process and on 127.0.0.1 only.</summary>
public sealed partial class EmbeddedRedis : IAsyncDisposable
{
    private const int PortAttempts = 5;

    private readonly GarnetServer _server;
    private readonly RedisFolder _folder;
    private readonly EmbeddedRedisOptions _options;
    private readonly ILogger _logger;

    private EmbeddedRedis(GarnetServer server, RedisFolder folder, EmbeddedRedisOptions options, int port, string password, ILogger logger)
    {
        (_server, _folder, _options, _logger, Port) = (server, folder, options, logger, port);
        ConnectionString = $"127.0.0.1:{port},password={password}";
    }

    public int Port { get; }

    /// <summary>In the form of StackExchange.Redis, the password included.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts the server with what an earlier run left in the folder; what cannot be read is moved aside, and the log says so.</summary>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static EmbeddedRedis Start(EmbeddedRedisOptions options, ILogger? logger = null)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        logger ??= NullLogger.Instance;
        var folder = new RedisFolder(options.Folder);
        var password = folder.ReadOrMakePassword();
        if (options.IsDurable && folder.KilledItsReader)
        {
            LogKilledItsReader(logger, folder.MoveDataAside());
        }
        else if (options.IsDurable && folder.Log.IsGone)
        {
            LogGone(logger, folder.MoveDataAside());
        }

        for (var attempt = 1; ; attempt++)
        {
            // Another process may take a free port before this one does.
            var port = options.Port != 0 ? options.Port : FreePort();
            try
            {
                return new(LaunchWhole(options, folder, port, password, logger), folder, options, port, password, logger);
            }
            catch (Exception error) when (IsPortTaken(error) && options.Port == 0 && attempt < PortAttempts)
            {
                LogPortTaken(logger, port);
            }
            catch (Exception error) when (!IsPortTaken(error) && attempt == 1 && folder.HasData)
            {
                LogMovedAside(logger, folder.MoveDataAside(), error);
            }
            catch (Exception error)
            {
                folder.Dispose();
                if (IsPortTaken(error))
                {
                    throw new IOException($"Port {port} of 127.0.0.1 is taken, so Redis cannot start there. Stop the process that has it, or give another port with --redis-port.", error);
                }

                throw;
            }
        }
    }

    /// <summary>Stops the server after everything written is on the disk.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_options.IsDurable)
        {
            await CommitAsync();
        }

        _server.Dispose();
        _folder.Dispose();
    }

    private async Task CommitAsync()
    {
        try
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString);
            await connection.GetDatabase().ExecuteAsync("COMMITAOF");
        }
        catch (Exception error) when (error is RedisException or RedisTimeoutException)
        {
            LogNotCommitted(_logger, error);
        }
    }

    private static GarnetServer LaunchWhole(EmbeddedRedisOptions options, RedisFolder folder, int port, string password, ILogger logger)
    {
        folder.BeginReading();
        try
        {
            return LaunchReadable(options, folder, port, password, logger);
        }
        finally
        {
            folder.EndReading();
        }
    }

    /// <summary>Launches again without the rest of the log when it could be read only in part.</summary>
    private static GarnetServer LaunchReadable(EmbeddedRedisOptions options, RedisFolder folder, int port, string password, ILogger logger)
    {
        var extent = options.IsDurable ? folder.Log.Extent() : 0;
        var server = Launch(options, folder, port, password, logger);
        var tail = options.IsDurable ? Tail(server) : extent;
        if (tail >= extent)
        {
            return server;
        }

        server.Dispose();
        if (RedisLog.HoldsNothing(tail))
        {
            LogNothingRead(logger, folder.MoveDataAside());
        }
        else
        {
            var aside = folder.NextAside();
            folder.Log.Cut(tail, aside);
            LogCut(logger, tail, extent - tail, aside);
        }

        return Launch(options, folder, port, password, logger);
    }

    private static long Tail(GarnetServer server) => long.Parse(
        server.Metrics.GetInfoMetrics(InfoMetricsType.PERSISTENCE).Single(metric => metric.Name == "TailAddress").Value,
        CultureInfo.InvariantCulture);

    private static GarnetServer Launch(EmbeddedRedisOptions options, RedisFolder folder, int port, string password, ILogger logger)
    {
        List<string> arguments =
        [
            "--bind", "127.0.0.1", "--port", $"{port}", "-q",
            "--auth", "Password", "--password", password,
            "--lua", "--lua-transaction-mode",
            "--memory", $"{options.MemoryMegabytes}m", "--page", "1m", "--index", "1m",
        ];
        if (options.IsDurable)
        {
            // The native device does not load everywhere, and recovery is then silently empty.
            arguments.AddRange(
            [
                "--aof", "--recover", "--checkpointdir", folder.Data, "--device-type", "RandomAccess",
                "--aof-memory", "8m", "--aof-page-size", "2m",
            ]);
            arguments.AddRange(options.CommitInterval > TimeSpan.Zero
                ? ["--aof-commit-freq", $"{(int)options.CommitInterval.TotalMilliseconds}"]
                : ["--aof-commit-wait"]);
        }

        // It goes on from a log that it could read only in part, and says so in its own log alone.
        using var log = new GarnetLog(logger);
        var server = new GarnetServer([.. arguments], log);
        try
        {
            server.Start();
            if (log.ReplayError is { } error)
            {
                throw new InvalidDataException($"The log could not be replayed to its end: {error}");
            }

            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    private static bool IsPortTaken(Exception error) =>
        error is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AccessDenied } ||
        (error.InnerException is { } inner && IsPortTaken(inner));

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [LoggerMessage(LogLevel.Debug, "Port {Port} was taken; another is tried.")]
    private static partial void LogPortTaken(ILogger logger, int port);

    [LoggerMessage(LogLevel.Warning, "The last start of the embedded Redis died while it read its log, so it starts empty: cached answers and the events of running jobs are lost; jobs and results are not. The data is kept in {Folder}.")]
    private static partial void LogKilledItsReader(ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "The embedded Redis's log is missing or empty, so cached answers and the events of running jobs are lost; jobs and results are not. What was left is kept in {Folder}.")]
    private static partial void LogGone(ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "The embedded Redis could read nothing of its log, so cached answers and the events of running jobs are lost; jobs and results are not. The data is kept in {Folder}.")]
    private static partial void LogNothingRead(ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "The embedded Redis read the first {Read} bytes of its log; the {Lost} bytes behind are damaged or were not committed, and what they said of cached answers and running jobs is lost; jobs and results are not. They are kept in {Folder}.")]
    private static partial void LogCut(ILogger logger, long read, long lost, string folder);

    [LoggerMessage(LogLevel.Warning, "The embedded Redis could not read its data and starts empty: cached answers and the events of running jobs are lost; jobs and results are not. The data is kept in {Folder}.")]
    private static partial void LogMovedAside(ILogger logger, string folder, Exception error);

    [LoggerMessage(LogLevel.Warning, "The embedded Redis could not write its last changes to the disk.")]
    private static partial void LogNotCommitted(ILogger logger, Exception error);
}
