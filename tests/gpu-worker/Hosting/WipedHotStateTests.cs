using Serverless.Core.Jobs;

namespace Serverless.GpuWorker.Tests.Hosting;

[Collection(nameof(WorkerStack))]
public sealed class WipedHotStateTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AJobGoesOnWhenHotStateIsWipedUnderItAndItsReaderMissesNothing()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync();
        var (wiped, quiet) = (WorkerStack.NewJob(200), WorkerStack.NewJob(200));
        await stack.SendAsync(wiped);
        var reading = stack.EventsAsync(wiped.Id);
        await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(wiped.Id, default))?.Events > 2);

        await stack.WipeAsync();

        var result = await stack.ResultAsync(wiped);
        var events = await reading;
        await stack.SendAsync(quiet);
        Assert.Equal((await stack.ResultAsync(quiet)).Choices[0].Text, result.Choices[0].Text);
        Assert.Equal(result.Choices[0].Text, string.Concat(events.Select(next => next.Text)));
        Assert.Equal((JobState.Succeeded, 200), (events[^1].State, events[^1].Usage!.CompletionTokens));
        Assert.Single(events, next => next.State is not null);
        await worker.StopAsync(Now);
    }

    [Fact]
    public async Task AJobWhoseWorkerAndHotStateAreBothGoneIsMadeAgainFromStoreAndQueue()
    {
        await using var stack = await WorkerStack.StartAsync();
        var (lost, quiet) = (WorkerStack.NewJob(200), WorkerStack.NewJob(200));
        await stack.SendAsync(lost);
        var reading = stack.EventsAsync(lost.Id);
        using (var first = await stack.StartWorkerAsync())
        {
            await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(lost.Id, default))?.Events > 2);
            await first.StopAsync(Now);
        }

        Assert.Null(await stack.Store.FindResultAsync(lost.Id, Now));
        await stack.WipeAsync();
        using var second = await stack.StartWorkerAsync();
        await stack.SendAsync(quiet);

        var (again, plain) = (await stack.ResultAsync(lost), await stack.ResultAsync(quiet));

        Assert.Equal(plain.Choices[0].Text, again.Choices[0].Text);
        Assert.Equal(200, again.Usage.CompletionTokens);
        Assert.Equal(again.Choices[0].Text, string.Concat((await reading).Select(next => next.Text)));
        await second.StopAsync(Now);
    }
}
