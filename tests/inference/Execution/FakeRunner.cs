using Serverless.Inference.Execution;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Execution;

/// <summary>A model whose next token is a function of all tokens before it, and that checks how it is used.</summary>
/// <remarks>It reads "the cache" it keeps by block number, so a wrong block table gives wrong tokens.</remarks>
internal sealed class FakeRunner : IModelRunner
{
    public const int Vocabulary = 100;
    public const int Eos = 99;
    private readonly int[][] _cache;
    private readonly float[] _logits = new float[256 * Vocabulary];

    public FakeRunner(int blocks = 64, int contextLength = 4_096)
    {
        Limits = new(Vocabulary, contextLength, blocks, [Eos]);
        _cache = [.. Enumerable.Range(0, blocks).Select(_ => new int[BlockPool.BlockSize])];
    }

    public ModelLimits Limits { get; }

    /// <summary>Steps run only while this is set.</summary>
    public TestGate Gate { get; } = new();

    /// <summary>Called before each step; may throw.</summary>
    public Action<StepPlan>? BeforeRun { get; set; }

    /// <summary>Gives the next token; the default mixes all tokens and never ends.</summary>
    public Func<IReadOnlyList<int>, int> Next { get; set; } = Mix;

    public List<StepPlan> Plans { get; } = [];

    public bool Disposed { get; private set; }

    public static int Mix(IReadOnlyList<int> tokens) =>
        (int)(tokens.Aggregate(17u, (hash, token) => (hash * 31) + (uint)token) % 90);

    /// <summary>What the fake generates for a prompt, worked out one token after the other.</summary>
    public static int[] Expected(IReadOnlyList<int> prompt, int count)
    {
        var tokens = prompt.ToList();
        for (var i = 0; i < count; i++)
        {
            tokens.Add(Mix(tokens));
        }

        return [.. tokens.Skip(prompt.Count)];
    }

    public Memory<float> Run(StepPlan plan)
    {
        Gate.Pass();
        BeforeRun?.Invoke(plan);
        Plans.Add(plan);
        var row = 0;
        foreach (var (sequence, start, count, wantsLogits) in plan.Slices)
        {
            for (var i = start; i < start + count; i++)
            {
                _cache[sequence.Blocks[i / BlockPool.BlockSize]][i % BlockPool.BlockSize] = sequence.Tokens[i];
            }

            if (wantsLogits)
            {
                var context = Enumerable.Range(0, start + count)
                    .Select(i => _cache[sequence.Blocks[i / BlockPool.BlockSize]][i % BlockPool.BlockSize]).ToList();
                var logits = _logits.AsSpan(row++ * Vocabulary, Vocabulary);
                logits.Clear();
                logits[Next(context)] = 10;
            }
        }

        return _logits.AsMemory(0, row * Vocabulary);
    }

    public void Dispose()
    {
        Disposed = true;
    }
}
