using System.Runtime.CompilerServices;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Serve;
using Serverless.Bench.Stack;

namespace Serverless.Bench.Start;

/// <summary>What the model's import takes, how soon the stack is ready after it, and what it holds in memory after work.</summary>
internal sealed class StartBench : IBench
{
    private const int Runs = 5;
    private const int ImportRuns = 3;
    private const int MemoryRuns = 2;
    private const int Requests = 1_000;
    private const int Clients = 32;
    private const int PromptWords = 60;
    private const int NewTokens = 16;

    public string Name => "start";

    public string Conditions =>
        $"one process with API, worker, queue and Redis; {Runs} starts; {ImportRuns} imports; {MemoryRuns} times {Requests:N0} chats of about {PromptWords + 30} tokens in and {NewTokens} out from {Clients} clients, cache budget 256 MiB";

    public async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in ImportProbe.MeasureAsync(ImportRuns, cancellationToken))
        {
            yield return row;
        }

        await BenchModel.ImportAsync(cancellationToken);
        using var data = new DataFolder();
        var (times, idle) = (new List<double>(), new List<double>());
        for (var run = 0; run < Runs; run++)
        {
            var (stack, ready) = await StackProcess.StartAsync(data, cancellationToken);
            await using (stack)
            {
                times.Add(ready.TotalSeconds);
                idle.Add(stack.Megabytes);
            }
        }

        yield return Row.Of("start to ready, model imported", "s", times);
        yield return Row.Of("memory when ready", "MB", idle);
        var after = new List<double>();
        for (var run = 0; run < MemoryRuns; run++)
        {
            after.Add(await WorkAsync(cancellationToken));
        }

        yield return Row.Of($"memory after {Requests:N0} requests", "MB", after);
    }

    private static async Task<double> WorkAsync(CancellationToken cancellationToken)
    {
        using var data = new DataFolder();
        var (stack, _) = await StackProcess.StartAsync(data, cancellationToken);
        await using (stack)
        {
            using var client = new ChatClient(new Target("", stack.Address, StackProcess.ApiKey, BenchModel.Name));
            await Parallel.ForEachAsync(
                Enumerable.Range(0, Requests),
                new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = cancellationToken },
                async (_, token) => await client.AskAsync(Prompts.Next(PromptWords), NewTokens, token));
            return stack.Megabytes;
        }
    }
}
