using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Serverless.Bench.Measuring;

namespace Serverless.Bench.Stack;

/// <summary>The real one-process stack, as a user starts it, in a child process.</summary>
internal sealed class StackProcess : IAsyncDisposable
{
    public const string ApiKey = "sk-bench-0123456789abcdefghij";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;

    private StackProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public double Megabytes => ResidentMemory.Megabytes(_process);

    /// <summary>Starts the stack and returns when it is ready, with the time that took.</summary>
    public static async Task<(StackProcess Stack, TimeSpan Ready)> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var begun = Stopwatch.GetTimestamp();
        var process = ChildProcess.Start(
            System.IO.Path.Combine(AppContext.BaseDirectory, "serverless.dll"),
            ["--urls", address.ToString(), "--data", data.Path, "--api-key", ApiKey, "--log-level", "Error"],
            new Dictionary<string, string>
            {
                ["Worker__ModelCache"] = DataFolder.Models,
                ["Engine__CacheBytes"] = $"{256L << 20}",
            });
        // The banner is for people; an unread pipe would block its writer in the end.
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var stack = new StackProcess(process, address);
        try
        {
            await stack.WaitUntilReadyAsync(cancellationToken);
            return (stack, Stopwatch.GetElapsedTime(begun));
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await IsReadyAsync(client, patience.Token))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"The stack ended with {_process.ExitCode} before it was ready.");
            }

            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync("/healthz", cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // The port is not open yet.
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
