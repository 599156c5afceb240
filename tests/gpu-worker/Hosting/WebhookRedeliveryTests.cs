using System.Text.Json;
using Serverless.Core.Jobs;
using Serverless.Core.Webhooks;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.GpuWorker.Tests.Hosting;

/// <summary>A worker may die anywhere between the result and the completion of its message; the webhook still goes out, and once.</summary>
[Collection(nameof(WorkerStack))]
public sealed class WebhookRedeliveryTests
{
    private static CancellationToken Now => TestContext.Current.CancellationToken;

    /// <summary>How far the dead worker got.</summary>
    public enum Death
    {
        AfterResult,
        AfterHotState,
        AfterWebhookMessage,
    }

    [Theory]
    [InlineData(Death.AfterResult, false)]
    [InlineData(Death.AfterResult, true)]
    [InlineData(Death.AfterHotState, false)]
    [InlineData(Death.AfterHotState, true)]
    [InlineData(Death.AfterWebhookMessage, false)]
    [InlineData(Death.AfterWebhookMessage, true)]
    public async Task AnEndThatNobodyWasToldOfIsToldOnce(Death death, bool isGivenBack)
    {
        await using var stack = await WorkerStack.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        var job = WorkerStack.NewJob(5) with { WebhookUrl = receiver.Url };
        var marker = WorkerStack.NewJob(3) with { WebhookUrl = receiver.Url };
        await stack.SendAsync(job);
        await DieAsync(stack, job, death, isGivenBack);
        var (api, http) = await stack.StartApiAsync();
        await using var _ = api;
        using var __ = http;

        // One job after the other, so what the first has to tell comes before the marker's.
        using var worker = await stack.StartWorkerAsync(maxSequences: 1);
        var told = await receiver.NextAsync(Now);
        await stack.SendAsync(marker);
        var last = await receiver.NextAsync(Now);

        Assert.Equal(("job.failed", job.Id.ToString()), (told.Type, told.Data.GetProperty("id").GetString()));
        Assert.Equal(("job.succeeded", marker.Id.ToString()), (last.Type, last.Data.GetProperty("id").GetString()));
        await worker.StopAsync(Now);
        Assert.Equal(2, receiver.All.Count);
        Assert.Equal(JobState.Failed, (await stack.Store.FindResultAsync(job.Id, Now))!.State);
    }

    // Death is an abandoned message, or one that was given back and counts as not delivered.
    private static async Task DieAsync(WorkerStack stack, Job job, Death death, bool isGivenBack)
    {
        await using var receiver = stack.Queue.Receive(job.Queue);
        var message = await receiver.ReceiveAsync(Now);
        await stack.HotState.ClaimAsync(job, message.DeliveryCount, Now);
        // The tiny model never ends so: whatever says this is the dead worker's result, and no later one.
        var result = new JobResult
        {
            Id = job.Id,
            Tenant = job.Tenant,
            Deployment = job.Deployment,
            State = JobState.Failed,
            Error = JobError.Server("The dead worker's result.", "dead"),
            FinishedAt = DateTimeOffset.UtcNow,
        };
        await stack.Blobs.TryCreateAsync(job.ResultPath, JsonSerializer.SerializeToUtf8Bytes(result, JobJson.Default.JobResult), Now);
        if (death >= Death.AfterHotState)
        {
            await stack.HotState.FinishAsync(job, result, Now);
        }

        if (death >= Death.AfterWebhookMessage)
        {
            await new WebhookOutbox(stack.Blobs, stack.Queue).TellAsync(job, result, Now);
        }

        await (isGivenBack ? receiver.ReleaseAsync(message, Now) : receiver.AbandonAsync(message, Now));
    }
}
