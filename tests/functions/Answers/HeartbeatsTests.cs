using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Serverless.Functions.Answers;

namespace Serverless.Functions.Tests.Answers;

public sealed class HeartbeatsTests : IDisposable
{
    private static readonly TimeSpan Period = new ApiOptions().Heartbeat;
    private readonly FakeTimeProvider _clock = new();
    private readonly TaskCompletionSource _work = new();
    private readonly Output _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public async Task ASilenceOfFifteenSecondsIsBrokenByAComment()
    {
        var beating = Beat(TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(15));
        await _output.Flushed.WaitAsync(TestContext.Current.CancellationToken);
        _work.SetResult();
        await beating;

        Assert.Equal(": keep-alive\n\n", Encoding.UTF8.GetString(_output.ToArray()));
    }

    [Fact]
    public async Task WorkThatEndsSoonerNeedsNone()
    {
        var beating = Beat(TestContext.Current.CancellationToken);
        _clock.Advance(Period - TimeSpan.FromTicks(1));
        _work.SetResult();
        await beating;

        Assert.Empty(_output.ToArray());
    }

    [Fact]
    public async Task AReaderThatLeavesEndsThem()
    {
        using var left = new CancellationTokenSource();
        var beating = Beat(left.Token);
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => beating);
    }

    private async Task Beat(CancellationToken cancellationToken)
    {
        var context = new DefaultHttpContext();
        context.Response.Body = _output;
        using var sse = new SseWriter(context);
        await Heartbeats.UntilAsync(_work.Task, sse, Period, _clock, cancellationToken);
    }

    private sealed class Output : MemoryStream
    {
        public SemaphoreSlim Flushed { get; } = new(0);

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await base.FlushAsync(cancellationToken);
            Flushed.Release();
        }
    }
}
