using System.Net;
using System.Net.Sockets;

namespace Serverless.Functions.Tests.Hosting;

/// <summary>The package as it is deployed, published once; its processes start as the Functions host starts them.</summary>
public sealed class PublishedHandler : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string Folder { get; } = Directory.CreateTempSubdirectory("published-").FullName;

    public string Executable => Path.Combine(Folder, OperatingSystem.IsWindows() ? "handler.exe" : "handler");

    public async ValueTask InitializeAsync()
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        await using var publish = ServerProcess.Start(
            "dotnet",
            ["publish", Path.Combine(Repository.Root, "functions"), "-c", configuration, "--no-build", "-o", Folder, "-v", "quiet", "--nologo"],
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" },
            Folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        Assert.True(await publish.ExitAsync(limit.Token) == 0, publish.Log);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Settings that lead to the parts of a running system.</summary>
    public static Dictionary<string, string> PartsOf(RunningServer server) => new()
    {
        ["Store__Path"] = Path.Combine(server.Data, "store"),
        ["HotState__ConnectionString"] = server.ConnectionString("redis"),
        ["Queue__ConnectionString"] = server.ConnectionString("queue"),
    };

    /// <summary>Starts the executable in the package's folder with the host's environment.</summary>
    internal ServerProcess Start(int port, Dictionary<string, string> settings)
    {
        var environment = new Dictionary<string, string>(settings)
        {
            ["FUNCTIONS_CUSTOMHANDLER_PORT"] = $"{port}",
            ["FUNCTIONS_HTTPWORKER_PORT"] = $"{port}",
            ["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] = "9f2c6e9e-6d37-4a7c-8a3f-0d6f1f6a0001",
            ["FUNCTIONS_HTTPWORKER_ID"] = "9f2c6e9e-6d37-4a7c-8a3f-0d6f1f6a0001",
            ["FUNCTIONS_APP_ROOT_PATH"] = Folder,
        };
        return ServerProcess.Start(Executable, [], environment, Folder);
    }

    /// <summary>Probes as the host does: any answer to <c>GET /</c> means ready.</summary>
    internal static async Task ProbeAsync(ServerProcess process, int port, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("/", limit.Token);
                Assert.InRange((int)answer.StatusCode, 200, 299);
                return;
            }
            catch (HttpRequestException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                Assert.True(await pace.WaitForNextTickAsync(limit.Token), process.Log);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The port does not answer:\n{process.Log}");
            }
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
