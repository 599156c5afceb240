using System.Diagnostics;
using System.Runtime.CompilerServices;
using Serverless.Bench.Measuring;

namespace Serverless.Bench.Engine;

/// <summary>The engine alone, without HTTP, queue or cache.</summary>
internal sealed class EngineBench : IBench
{
    private const int Runs = 5;
    private const int MeasuredSteps = 48;

    public string Name => "engine";

    public string Conditions => $"{BenchModel.Name}, {Runs} runs, random prompts that never repeat, temperature 0";

    public async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var model = await BenchModel.ImportAsync(cancellationToken);
        await foreach (var row in LoadProbe.MeasureAsync(Runs, cancellationToken))
        {
            yield return row;
        }

        await using var rig = new EngineRig(model);
        Decode(rig, 8, 64, cancellationToken);
        foreach (var tokens in new[] { 64, 256, 1024 })
        {
            var runs = Enumerable.Range(0, Runs).Select(_ => Prefill(rig, tokens, cancellationToken)).ToArray();
            yield return Row.Of($"prefill {tokens}", "tok/s", runs);
        }

        foreach (var context in new[] { 256, 1024 })
        {
            foreach (var batch in new[] { 1, 8, 32 })
            {
                var runs = Enumerable.Range(0, Runs).Select(_ => Decode(rig, batch, context, cancellationToken)).ToArray();
                yield return Row.Of($"decode, context {context}, batch {batch}", "tok/s", runs);
            }
        }
    }

    // From the submission of one prompt to its first token.
    private static double Prefill(EngineRig rig, int tokens, CancellationToken cancellationToken)
    {
        var begun = rig.Submit(1, tokens, newTokens: 1);
        var step = rig.Next(cancellationToken);
        return tokens / Stopwatch.GetElapsedTime(begun, step.Timestamp).TotalSeconds;
    }

    // Prompts are computed one after the other while the first sequences decode already: the watch runs over the steps
    // in which every sequence of the batch got one token and none had prompt left.
    private static double Decode(EngineRig rig, int batch, int context, CancellationToken cancellationToken)
    {
        var stagger = (batch * context / (rig.TokensPerStep - batch)) + 2;
        rig.Submit(batch, context, stagger + MeasuredSteps);
        var (ended, tokens, begun, last) = (0, 0, 0L, 0L);
        var full = false;
        while (ended < batch)
        {
            var step = rig.Next(cancellationToken);
            ended += step.Outputs.Count(output => output.End is not null);
            if (full && step.Outputs.Count == batch)
            {
                (tokens, last) = (tokens + batch, step.Timestamp);
            }
            else if (step.Outputs.Count == batch)
            {
                (full, begun) = (true, step.Timestamp);
            }
        }

        return tokens / Stopwatch.GetElapsedTime(begun, last).TotalSeconds;
    }
}
