using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Stack;

namespace Serverless.Bench.Cache;

/// <summary>Prompt-cache hits over HTTP with authentication, the load generator on the same machine.</summary>
internal sealed class CacheBench : IBench
{
    private const int Runs = 5;
    private const int Warmup = 3_000;
    private const int Alone = 3_000;
    private const int Clients = 32;
    private const int Together = 20_000;

    public string Name => "cache";

    public string Conditions => $"{Runs} runs of {Alone:N0} hits at one client and {Together:N0} at {Clients}, authenticated, connections kept open";

    public async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var data = new DataFolder();
        var (stack, _) = await StackProcess.StartAsync(data, cancellationToken);
        await using (stack)
        {
            var request = Request(stack.Address);
            await FillAsync(stack.Address, request, cancellationToken);
            await TogetherAsync(stack.Address, request, Warmup, cancellationToken);
            var (p50, p99, rates) = (new List<double>(), new List<double>(), new List<double>());
            for (var run = 0; run < Runs; run++)
            {
                var times = await AloneAsync(stack.Address, request, cancellationToken);
                p50.Add(Percentile.Of(times, 0.5));
                p99.Add(Percentile.Of(times, 0.99));
                rates.Add(await TogetherAsync(stack.Address, request, Together, cancellationToken));
            }

            yield return Row.Of("hit, 1 client, p50", "ms", p50);
            yield return Row.Of("hit, 1 client, p99", "ms", p99);
            yield return Row.Of($"hits, {Clients} clients", "requests/s", rates);
        }
    }

    private static byte[] Request(Uri address)
    {
        var body = $$"""{"model":"{{BenchModel.Name}}","temperature":0,"max_tokens":16,"messages":[{"role":"user","content":"Say hello."}]}""";
        return Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {StackProcess.ApiKey}\r\n" +
            $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    // The answer is in the cache a moment after the first caller has it.
    private static async Task FillAsync(Uri address, byte[] request, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(address, cancellationToken);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (await connection.AskAsync(request, cancellationToken))
            {
                return;
            }
        }

        throw new InvalidOperationException("An equal request was never answered from the prompt cache.");
    }

    private static async Task<double[]> AloneAsync(Uri address, byte[] request, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(address, cancellationToken);
        var times = new double[Alone];
        for (var i = 0; i < times.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            Hit(await connection.AskAsync(request, cancellationToken));
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        return times;
    }

    private static async Task<double> TogetherAsync(Uri address, byte[] request, int hits, CancellationToken cancellationToken)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => HttpConnection.OpenAsync(address, cancellationToken)));
        var asked = 0;
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(connections.Select(async connection =>
        {
            using (connection)
            {
                while (Interlocked.Increment(ref asked) <= hits)
                {
                    Hit(await connection.AskAsync(request, cancellationToken));
                }
            }
        }));
        return hits / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static void Hit(bool hit)
    {
        if (!hit)
        {
            throw new InvalidOperationException("A request that should be a cache hit was none.");
        }
    }
}
