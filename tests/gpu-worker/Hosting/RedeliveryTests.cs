using System.Text.Json;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;

namespace Serverless.GpuWorker.Tests.Hosting;

/// <summary>Messages that come again, after workers that did not get to their end.</summary>
[Collection(nameof(WorkerStack))]
public sealed class RedeliveryTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AMessageWhoseJobIsDoneIsCompletedAndTheResultStaysAsItIs(bool hotStateWasTold)
    {
        await using var stack = await WorkerStack.StartAsync();
        var (job, marker) = (WorkerStack.NewJob(5), WorkerStack.NewJob(3));
        await stack.SendAsync(job);
        await DieAsync(stack, job, async claim =>
        {
            await stack.HotState.AppendAsync([new(job.Id, claim.Epoch, 0, new JobEvent { Text = "done", Finish = "stop" })], Now);
            var result = Result(job, JobState.Succeeded) with { Choices = [new() { Index = 0, Text = "done", FinishReason = "stop" }], Events = 1 };
            await stack.Blobs.TryCreateAsync(job.ResultPath, JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Default.JobResult), Now);
            if (hotStateWasTold)
            {
                await stack.HotState.FinishAsync(job, result, Now);
            }
        });
        var before = (await stack.Blobs.ReadAsync(job.ResultPath, Now))!.Value.ToArray();

        using (var worker = await stack.StartWorkerAsync(maxSequences: 1))
        {
            await stack.SendAsync(marker);
            await stack.ResultAsync(marker);
            await worker.StopAsync(Now);
        }

        Assert.Equal(before, (await stack.Blobs.ReadAsync(job.ResultPath, Now))!.Value.ToArray());
        var events = await stack.EventsAsync(job.Id);
        Assert.Equal(["done", ""], events.Select(next => next.Text));
        Assert.Equal(JobState.Succeeded, Assert.Single(events, next => next.State is not null).State);
        await AssertQueueIsEmptyAsync(stack, job.Queue);
    }

    [Fact]
    public async Task AnEndThatOnlyHotStateKnowsOfDoesNotLoseTheJob()
    {
        await using var stack = await WorkerStack.StartAsync();
        var job = WorkerStack.NewJob(5);
        await stack.HotState.FinishAsync(job, Result(job, JobState.Failed), Now);
        await stack.SendAsync(job);
        using var worker = await stack.StartWorkerAsync();

        var result = await stack.ResultAsync(job);

        Assert.Equal((JobState.Succeeded, 5), (result.State, result.Usage.CompletionTokens));
        Assert.Equal(result.Choices[0].Text, string.Concat((await stack.EventsAsync(job.Id)).Select(next => next.Text)));
        await worker.StopAsync(Now);
        worker.Dispose();
        await AssertQueueIsEmptyAsync(stack, job.Queue);
    }

    [Fact]
    public async Task AJobWhoseWorkersAllDieFailsAndIsDeadLetteredAndEveryReaderIsTold()
    {
        await using var stack = await WorkerStack.StartAsync();
        // It offers the model, so that the API takes requests for it.
        using (var first = await stack.StartWorkerAsync())
        {
            await first.StopAsync(Now);
        }

        var (api, http) = await stack.StartApiAsync();
        await using var _ = api;
        using var __ = http;
        var (whole, stream) = (AskAsync(http, seed: 1, stream: false), AskAsync(http, seed: 2, stream: true));
        var queue = Job.QueueName("tiny", "default");
        var jobs = new List<JobId>();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            jobs = [.. await DieAsync(stack, queue, messages: 2)];
        }

        using var worker = await stack.StartWorkerAsync();
        var (wholeAnswer, streamAnswer) = (await whole, await stream);

        Assert.Equal((500, "attempts_exhausted"), (wholeAnswer.Status, Code(wholeAnswer.Body)));
        Assert.Contains("attempts_exhausted", streamAnswer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", streamAnswer.Body, StringComparison.Ordinal);
        await using var dead = stack.Queue.Receive(queue, new ReceiveOptions { DeadLetters = true });
        foreach (var id in jobs)
        {
            var result = (await stack.Store.FindResultAsync(id, Now))!;
            Assert.Equal((JobState.Failed, 0), (result.State, result.Usage.CompletionTokens));
            Assert.Contains("given up after 5 attempts", result.Error!.Message, StringComparison.Ordinal);
            var letter = await dead.ReceiveAsync(Now);
            Assert.Equal("attempts_exhausted", letter.Message.Properties["DeadLetterReason"]);
            Assert.Contains(letter.Message.Id, jobs.Select(job => job.ToString()));
        }

        await worker.StopAsync(Now);
        worker.Dispose();
        await AssertQueueIsEmptyAsync(stack, queue);
    }

    [Fact]
    public async Task AJobThatCannotEvenBeStartedFailsAtLastAndTheWorkerGoesOn()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync(maxSequences: 1, maxAttempts: 1);
        var (hopeless, next) = (WorkerStack.NewJob(3), WorkerStack.NewJob(3));
        // No door lets this in: neither a chat nor a prompt.
        hopeless = hopeless with { Request = hopeless.Request with { Prompts = null } };
        await stack.SendAsync(hopeless);
        await stack.SendAsync(next);

        var result = await stack.ResultAsync(hopeless);

        Assert.Equal((JobState.Failed, "attempts_exhausted"), (result.State, result.Error!.Code));
        Assert.Equal(JobState.Succeeded, (await stack.ResultAsync(next)).State);
        await using var dead = stack.Queue.Receive(hopeless.Queue, new ReceiveOptions { DeadLetters = true });
        Assert.Equal(hopeless.Id.ToString(), (await dead.ReceiveAsync(Now)).Message.Id);
        await worker.StopAsync(Now);
    }

    [Fact]
    public async Task AJobThatEndsWithinTheGracePeriodIsFinishedByTheStoppingWorker()
    {
        await using var stack = await WorkerStack.StartAsync();
        using var worker = await stack.StartWorkerAsync(drainSeconds: 60);
        var job = WorkerStack.NewJob(200);
        await stack.SendAsync(job);
        await WorkerStack.UntilAsync(async () => (await stack.HotState.ReadAsync(job.Id, default))?.Events > 0);

        await worker.StopAsync(Now);
        worker.Dispose();

        var result = (await stack.Store.FindResultAsync(job.Id, Now))!;
        Assert.Equal((JobState.Succeeded, 1, 200), (result.State, result.Epoch, result.Usage.CompletionTokens));
        await AssertQueueIsEmptyAsync(stack, job.Queue);
    }

    // What a worker does that is killed: it claims, gets this far, and never settles; the broker delivers again.
    private static async Task DieAsync(WorkerStack stack, Job job, Func<Claim, Task> until)
    {
        await using var receiver = stack.Queue.Receive(job.Queue);
        var message = await receiver.ReceiveAsync(Now);
        await until(await stack.HotState.ClaimAsync(job, message.DeliveryCount, Now));
        await receiver.AbandonAsync(message, Now);
    }

    private static async Task<IEnumerable<JobId>> DieAsync(WorkerStack stack, string queue, int messages)
    {
        await using var receiver = stack.Queue.Receive(queue);
        var taken = new List<(ReceivedMessage Message, Job Job)>();
        while (taken.Count < messages)
        {
            var message = await receiver.ReceiveAsync(Now);
            var job = JsonSerializer.Deserialize(message.Message.Body.Span, JobJson.Default.JobMessage)!.Request!;
            await stack.HotState.ClaimAsync(job, message.DeliveryCount, Now);
            taken.Add((message, job));
        }

        foreach (var (message, _) in taken)
        {
            await receiver.AbandonAsync(message, Now);
        }

        return taken.Select(one => one.Job.Id);
    }

    // A queue gives its oldest first: what comes is the newcomer only if nothing was left. No worker may be there to take it.
    private static async Task AssertQueueIsEmptyAsync(WorkerStack stack, string queue)
    {
        await stack.Queue.SendAsync(queue, new QueueMessage { Id = "last", Body = "{}"u8.ToArray() }, Now);
        await using var receiver = stack.Queue.Receive(queue);
        Assert.Equal("last", (await receiver.ReceiveAsync(Now)).Message.Id);
    }

    private static async Task<(int Status, string Body)> AskAsync(HttpClient http, int seed, bool stream)
    {
        var body = $$"""{"model":"tiny","prompt":[40,41,42],"max_tokens":5,"seed":{{seed}},"stream":{{(stream ? "true" : "false")}}}""";
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("/v1/completions", content, Now);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Now));
    }

    private static string? Code(string body) => JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("code").GetString();

    private static JobResult Result(Job job, JobState state) => new()
    {
        Id = job.Id,
        Tenant = job.Tenant,
        Deployment = job.Deployment,
        State = state,
        FinishedAt = DateTimeOffset.UtcNow,
    };
}
