using System.Collections.Concurrent;
using System.Diagnostics;
using Serverless.Bench.Measuring;

namespace Serverless.Bench.Serve;

/// <summary>What one run of a load gave.</summary>
internal sealed record Load(double TokensPerSecond, double FirstTokenP50, double FirstTokenP99, double PromptTokens)
{
    /// <summary>Lets each client ask again as soon as it has its answer, until all questions are answered.</summary>
    public static async Task<Load> RunAsync(ChatClient client, int clients, int questions, CancellationToken cancellationToken)
    {
        var answers = new ConcurrentBag<StreamedAnswer>();
        var asked = 0;
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref asked) <= questions)
                {
                    answers.Add(await client.AskAsync(Prompts.Next(ServeBench.PromptWords), ServeBench.NewTokens, cancellationToken));
                }
            },
            cancellationToken)));
        var elapsed = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var waits = answers.Select(answer => answer.FirstToken.TotalMilliseconds).ToArray();
        return new(
            answers.Sum(answer => answer.OutputTokens) / elapsed,
            Percentile.Of(waits, 0.5),
            Percentile.Of(waits, 0.99),
            Percentile.Of(answers.Select(answer => (double)answer.PromptTokens), 0.5));
    }
}
