using System.Collections.Concurrent;
using System.Diagnostics;
using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Sampling;
using Serverless.Inference.Scheduling;

namespace Serverless.Bench.Engine;

/// <summary>The engine with a watch on its steps.</summary>
internal sealed class EngineRig : IAsyncDisposable
{
    // No prompt may repeat, or the prefix cache would answer for the engine.
    private readonly Random _random = new(20260801);
    private readonly BlockingCollection<Step> _steps = [];
    private readonly InferenceEngine _engine;
    private readonly int _vocabulary;
    private int _submitted;

    public EngineRig(ImportedModel model)
    {
        _vocabulary = model.Config.Vocabulary;
        var options = new EngineOptions { CacheBytes = 1L << 30 };
        TokensPerStep = options.MaxTokensPerStep;
        _engine = BenchModel.Load(model, options, outputs => _steps.Add(new(Stopwatch.GetTimestamp(), outputs)));
    }

    /// <summary>The most tokens, prompt and output together, that one step computes.</summary>
    public int TokensPerStep { get; }

    /// <summary>Submits sequences with new random prompts that go on to their last token, and returns when they were submitted.</summary>
    public long Submit(int sequences, int promptTokens, int newTokens)
    {
        var requests = Enumerable.Range(0, sequences).Select(_ => new SequenceRequest
        {
            Id = $"bench-{_submitted++}",
            Prompt = Prompt(promptTokens),
            MaxNewTokens = newTokens,
            IgnoreEos = true,
            Sampling = new SamplingOptions { Temperature = 0, Seed = 0 },
        }).ToArray();
        var begun = Stopwatch.GetTimestamp();
        foreach (var request in requests)
        {
            if (!_engine.TrySubmit([request]))
            {
                throw new InvalidOperationException("The engine's waiting queue is full; submit fewer sequences at a time.");
            }
        }

        return begun;
    }

    /// <summary>Waits for the next step that gave an output.</summary>
    /// <exception cref="InvalidOperationException">A sequence failed, or the prefix cache had a part of a prompt.</exception>
    public Step Next(CancellationToken cancellationToken)
    {
        var step = _steps.Take(cancellationToken);
        foreach (var end in step.Outputs.Select(output => output.End).OfType<SequenceEnd>())
        {
            if (end.Reason == FinishReason.Failed || end.CachedPromptTokens > 0)
            {
                throw new InvalidOperationException(end.Error ?? $"The prefix cache had {end.CachedPromptTokens} tokens of a prompt that should be new.");
            }
        }

        return step;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _steps.Dispose();
    }

    private int[] Prompt(int tokens)
    {
        // The lowest ids are the model's special tokens.
        const int FirstPlainToken = 64;
        return [.. Enumerable.Range(0, tokens).Select(_ => _random.Next(FirstPlainToken, _vocabulary))];
    }

    /// <param name="Timestamp">When the step's outputs were handed over.</param>
    /// <param name="Outputs">One for each sequence that got a token.</param>
    internal sealed record Step(long Timestamp, IReadOnlyList<SequenceOutput> Outputs);
}
