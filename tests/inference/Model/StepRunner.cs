using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Model;

/// <summary>A loaded model whose steps a test makes up by hand: no scheduler stands between.</summary>
internal sealed class StepRunner(ImportedModel model, EngineOptions? options = null) : IDisposable
{
    private readonly ModelRunner _runner = ModelRunner.Load(model, options ?? new());
    private int _nextBlock;

    /// <summary>A sequence with blocks of its own for all its tokens and <paramref name="room"/> more.</summary>
    public Sequence Sequence(IReadOnlyList<int> tokens, int room = 0)
    {
        var sequence = new Sequence("test", tokens, room);
        var blocks = BlockPool.BlocksFor(tokens.Count + room);
        sequence.Blocks.AddRange(Enumerable.Range(_nextBlock, blocks));
        _nextBlock += blocks;
        return sequence;
    }

    /// <summary>Runs one step and gives the logits after each slice.</summary>
    public float[][] Run(params IReadOnlyList<(Sequence Sequence, int Start, int Count)> slices)
    {
        var logits = _runner.Run(new([.. slices.Select(slice => new Slice(slice.Sequence, slice.Start, slice.Count, WantsLogits: true))]));
        return [.. slices.Select((_, row) => logits.Slice(row * _runner.Limits.Vocabulary, _runner.Limits.Vocabulary).ToArray())];
    }

    /// <summary>The logits after every token: each token is a slice of its own over the same blocks.</summary>
    public float[][] RunEveryPosition(Sequence sequence) =>
        Run([.. Enumerable.Range(0, sequence.Length).Select(i => (sequence, i, 1))]);

    /// <summary>The likeliest tokens one after the other, and the logits of the first.</summary>
    public (int[] Tokens, float[] FirstLogits) Greedy(IReadOnlyList<int> prompt, int count, Func<int, bool>? ends = null)
    {
        var sequence = Sequence(prompt, count);
        var first = Run((sequence, 0, prompt.Count))[0];
        var (logits, tokens) = (first, new List<int>());
        while (true)
        {
            tokens.Add(Array.IndexOf(logits, logits.Max()));
            if (tokens.Count == count || ends?.Invoke(tokens[^1]) == true)
            {
                return ([.. tokens], first);
            }

            sequence.Append(tokens[^1]);
            logits = Run((sequence, sequence.Length - 1, 1))[0];
        }
    }

    public void Dispose() => _runner.Dispose();
}
