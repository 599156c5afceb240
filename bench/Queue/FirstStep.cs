using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Bench.Engine;
using Serverless.Bench.Measuring;
using Serverless.Bench.Serve;
using Serverless.Bench.Stack;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Queue;
using Serverless.Core.Requests;

namespace Serverless.Bench.Queue;

/// <summary>From the moment a job is accepted to the moment the engine begins its first step, one job at a time.</summary>
/// <remarks>The watch runs over the same steps as an HTTP acceptance: stored, made visible in hot state, sent, received, claimed, its prompt built, submitted.</remarks>
internal static class FirstStep
{
    public const int Jobs = 100;
    private const int Warmup = 20;

    public static async Task<IReadOnlyCollection<double>> MeasureAsync(int runs, CancellationToken cancellationToken)
    {
        await BenchModel.ImportAsync(cancellationToken);
        using var data = new DataFolder();
        var clock = new StepClock();
        await using var parts = await QueueParts.StartAsync(data, clock, withWorker: true);
        for (var i = 0; i < Warmup; i++)
        {
            await OneAsync(parts.Services, clock, cancellationToken);
        }

        var medians = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            var times = new List<double>();
            for (var i = 0; i < Jobs; i++)
            {
                times.Add((await OneAsync(parts.Services, clock, cancellationToken)).TotalMilliseconds);
            }

            medians.Add(Percentile.Of(times, 0.5));
        }

        return medians;
    }

    private static async Task<TimeSpan> OneAsync(IServiceProvider services, StepClock clock, CancellationToken cancellationToken)
    {
        var hotState = services.GetRequiredService<IHotState>();
        var job = Job(clock);
        var step = clock.NextStep();
        var begun = Stopwatch.GetTimestamp();
        await services.GetRequiredService<IJobStore>().AcceptAsync(job, cancellationToken);
        await hotState.AddAsync(job, attached: true, cancellationToken);
        await services.GetRequiredService<IQueueClient>().SendAsync(job.Queue, JobMessage.For(job), cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(begun, await step.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken));
        await EndAsync(hotState, job, cancellationToken);
        return elapsed;
    }

    // The system is idle again when the job is committed.
    private static async Task EndAsync(IHotState hotState, Job job, CancellationToken cancellationToken)
    {
        await using var reader = await hotState.FollowAsync(job.Id, 0, cancellationToken);
        while ((await reader.ReadAsync(cancellationToken)).Events.Count > 0)
        {
        }
    }

    private static Job Job(TimeProvider clock) => new()
    {
        Id = JobId.New(clock.GetUtcNow()),
        Tenant = "bench",
        Deployment = BenchModel.Name,
        Seed = 1,
        Request = new GenerationRequest
        {
            Messages = [new("user", JsonSerializer.SerializeToElement(new { role = "user", content = Prompts.Next(8) }))],
            MaxTokens = 2,
            IgnoreEos = true,
        },
    };
}
