using Serverless.Core.Jobs;
using Serverless.Core.Queue;

namespace Serverless.GpuWorker.Tests.Hosting;

[Collection(nameof(WorkerStack))]
public sealed class WorkerServiceTests
{
    [Fact]
    public async Task OneSlotServesEveryTier()
    {
        await using var stack = await WorkerStack.StartAsync();
        Job[] jobs = [WorkerStack.NewJob(3), WorkerStack.NewJob(3, "flex"), WorkerStack.NewJob(3, "priority")];
        using var worker = await stack.StartWorkerAsync(maxSequences: 1);

        foreach (var job in jobs)
        {
            await stack.SendAsync(job);
            Assert.Equal(JobState.Succeeded, (await stack.ResultAsync(job)).State);
        }

        await worker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task UrgentJobIsNextWhenTheOnlySlotFallsFree()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync(maxSequences: 1);
        var first = WorkerStack.NewJob(200);
        var (patient, urgent) = (WorkerStack.NewJob(200), WorkerStack.NewJob(3, "priority"));
        await stack.SendAsync(first);
        await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(first.Id, default))?.State == JobState.Running);
        await stack.SendAsync(patient);
        await stack.SendAsync(urgent);

        var ends = new[] { await stack.ResultAsync(urgent), await stack.ResultAsync(patient) };

        Assert.True(ends[0].FinishedAt <= ends[1].StartedAt, $"{ends[0].FinishedAt:O} {ends[1].StartedAt:O}");
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task DrainedJobGoesOnElsewhereWithTheSameText()
    {
        await using var stack = await WorkerStack.StartAsync();
        var (disturbed, quiet) = (WorkerStack.NewJob(200), WorkerStack.NewJob(200));
        using (var first = await stack.StartWorkerAsync())
        {
            await stack.SendAsync(disturbed);
            await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(disturbed.Id, default))?.Events > 2);
            await first.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Null(await stack.Store.FindResultAsync(disturbed.Id, TestContext.Current.CancellationToken));
        using var second = await stack.StartWorkerAsync();
        await stack.SendAsync(quiet);
        var (resumed, plain) = (await stack.ResultAsync(disturbed), await stack.ResultAsync(quiet));

        Assert.Equal(2, resumed.Epoch);
        Assert.Equal(200, resumed.Usage.CompletionTokens);
        Assert.Equal(plain.Choices[0].Text, resumed.Choices[0].Text);
        await second.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task CancelledJobEndsEarly()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync();
        var job = WorkerStack.NewJob(220);
        await stack.SendAsync(job);
        await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(job.Id, default))?.Events > 0);

        await stack.HotState.CancelAsync(job.Id, TestContext.Current.CancellationToken);
        var result = await stack.ResultAsync(job);

        Assert.Equal(JobState.Cancelled, result.State);
        Assert.InRange(result.Usage.CompletionTokens, 1, 219);
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task JobPastItsDeadlineExpiresUntried()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync();
        var job = WorkerStack.NewJob(5, deadline: DateTimeOffset.UtcNow.AddSeconds(-1));
        await stack.SendAsync(job);

        var result = await stack.ResultAsync(job);

        Assert.Equal((JobState.Expired, 0), (result.State, result.Usage.CompletionTokens));
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task UnreadableMessageIsDeadLetteredWithAReason()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync();
        var queue = Job.QueueName("tiny", "default");
        await stack.Queue.SendAsync(queue, new QueueMessage { Id = "x", Body = "{"u8.ToArray() }, TestContext.Current.CancellationToken);
        await using var dead = stack.Queue.Receive(queue, new ReceiveOptions { DeadLetters = true });

        var message = await dead.ReceiveAsync(TestContext.Current.CancellationToken);

        Assert.Equal("unreadable", message.Message.Properties["DeadLetterReason"]);
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }
}
