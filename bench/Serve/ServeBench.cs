using System.Runtime.CompilerServices;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Stack;

namespace Serverless.Bench.Serve;

/// <summary>The whole stack over HTTP: streaming, with authentication, through cache, queue and worker. Another server may run beside it.</summary>
internal sealed class ServeBench(Target? against) : IBench
{
    public const int PromptWords = 200;
    public const int NewTokens = 64;
    private const int Runs = 3;
    private const int WarmUp = 64;
    private const int FewestQuestions = 12;

    public string Name => "serve";

    public string Conditions => $"{BenchModel.Name}, about 230 tokens in and {NewTokens} out, streaming, authenticated, {Runs} runs after {WarmUp} questions to warm up, prompts that never repeat";

    public async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var data = new DataFolder();
        var (stack, _) = await StackProcess.StartAsync(data, cancellationToken);
        await using (stack)
        {
            var own = new Target("", stack.Address, StackProcess.ApiKey, BenchModel.Name);
            using var ownClient = new ChatClient(own);
            using var otherClient = against is null ? null : new ChatClient(against);
            await Load.RunAsync(ownClient, 8, WarmUp, cancellationToken);
            foreach (var clients in new[] { 1, 8, 32 })
            {
                var questions = Math.Max(clients * 4, FewestQuestions);
                var (ours, theirs) = (new List<Load>(), new List<Load>());
                for (var run = 0; run < Runs; run++)
                {
                    // In turn, so that a machine that slows down slows both.
                    ours.Add(await Load.RunAsync(ownClient, clients, questions, cancellationToken));
                    if (otherClient is not null)
                    {
                        theirs.Add(await Load.RunAsync(otherClient, clients, questions, cancellationToken));
                    }
                }

                foreach (var row in Rows("", clients, ours).Concat(theirs.Count == 0 ? [] : Compared(clients, ours, theirs)))
                {
                    yield return row;
                }
            }
        }
    }

    private IEnumerable<Row> Compared(int clients, List<Load> ours, List<Load> theirs) =>
    [
        .. Rows($"{against!.Label}, ", clients, theirs),
        Row.Of($"{Count(clients)}, output, ours to {against.Label}", "times", [.. ours.Zip(theirs, (our, their) => our.TokensPerSecond / their.TokensPerSecond)]),
    ];

    private static Row[] Rows(string label, int clients, List<Load> loads) =>
    [
        Row.Of($"{label}{Count(clients)}, output", "tok/s", [.. loads.Select(load => load.TokensPerSecond)]),
        Row.Of($"{label}{Count(clients)}, first token p50", "ms", [.. loads.Select(load => load.FirstTokenP50)]),
        Row.Of($"{label}{Count(clients)}, first token p99", "ms", [.. loads.Select(load => load.FirstTokenP99)]),
        Row.Of($"{label}{Count(clients)}, prompt", "tokens", [.. loads.Select(load => load.PromptTokens)]),
    ];

    private static string Count(int clients) => clients == 1 ? "1 client" : $"{clients} clients";
}
