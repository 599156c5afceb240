using System.Collections.Concurrent;
using Serverless.Inference.Execution;
using Serverless.Inference.Sampling;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Tests.Execution;

/// <summary>An engine over a fake model, with everything it gave out.</summary>
internal sealed class EngineHarness : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Collected>> _ends = new();
    private readonly ConcurrentDictionary<string, Collected> _collected = new();

    public EngineHarness(FakeRunner? runner = null, EngineOptions? options = null)
    {
        Runner = runner ?? new();
        Engine = InferenceEngine.Start(Runner, request => new FakeText(request), options ?? new(), OnStep, TimeProvider.System);
    }

    public FakeRunner Runner { get; }

    public InferenceEngine Engine { get; }

    public Action<SequenceOutput>? OnOutput { get; set; }

    public static SequenceRequest Request(string id, IReadOnlyList<int> prompt, int maxNewTokens = 5) => new()
    {
        Id = id,
        Prompt = prompt,
        MaxNewTokens = maxNewTokens,
        Sampling = new() { Temperature = 0, Seed = 1 },
    };

    public static int[] Prompt(int length, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(90))];
    }

    public Task<Collected> RunAsync(SequenceRequest request)
    {
        Assert.True(Engine.TrySubmit([request]));
        return EndOfAsync(request.Id);
    }

    public Task<Collected> EndOfAsync(string id) => End(id).Task.WaitAsync(_patience);

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(_patience);
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Runner.Gate.Set();
        await Engine.DisposeAsync();
    }

    private TaskCompletionSource<Collected> End(string id) =>
        _ends.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private void OnStep(IReadOnlyList<SequenceOutput> outputs)
    {
        foreach (var output in outputs)
        {
            var collected = _collected.GetOrAdd(output.Request.Id, _ => new());
            Assert.Equal(output.Request.Generated.Count + collected.Tokens.Count, output.Position);
            collected.Tokens.AddRange(output.Tokens);
            collected.Text += output.Text;
            collected.Logprobs.AddRange(output.Logprobs ?? []);
            collected.End = output.End;
            OnOutput?.Invoke(output);
            if (output.End is not null)
            {
                _collected.TryRemove(output.Request.Id, out _);
                End(output.Request.Id).SetResult(collected);
            }
        }
    }

    internal sealed class Collected
    {
        public List<int> Tokens { get; } = [];

        public List<TokenLogprob> Logprobs { get; } = [];

        public string Text { get; set; } = "";

        public SequenceEnd? End { get; set; }
    }
}
