using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Bench.Measuring;
using Serverless.Bench.Stack;
using Serverless.Core.Queue;

namespace Serverless.Bench.Queue;

/// <summary>The embedded broker through the client that speaks to Service Bus, over loopback TCP, and a job's way through it.</summary>
internal sealed class QueueBench : IBench
{
    private const int Runs = 5;
    private const int Messages = 10_000;
    private const int Callers = 32;
    private const int Sends = 2_000;
    private const string QueueName = "jobs-bench-default";
    private static readonly byte[] Body = new byte[1024];

    public string Name => "queue";

    public string Conditions => $"{Runs} runs of {Messages:N0} messages of 1 KB, {Callers} senders and {Callers} receivers at once; every message is kept on disk before it is accepted; {FirstStep.Jobs} jobs on an idle system";

    public async IAsyncEnumerable<Row> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var data = new DataFolder();
        await using (var parts = await QueueParts.StartAsync(data, TimeProvider.System))
        {
            var client = parts.Services.GetRequiredService<IQueueClient>();
            await ThroughAsync(client, cancellationToken);
            var (rates, sends) = (new List<double>(), new List<double>());
            for (var run = 0; run < Runs; run++)
            {
                rates.Add(await ThroughAsync(client, cancellationToken));
                sends.Add(await SendAsync(client, cancellationToken));
            }

            yield return Row.Of("sent, received and completed", "messages/s", rates);
            yield return Row.Of("durable send, one at a time, p50", "ms", sends);
        }

        yield return Row.Of("accepted to first engine step, idle, p50", "ms", await FirstStep.MeasureAsync(Runs, cancellationToken));
    }

    private static async Task<double> ThroughAsync(IQueueClient client, CancellationToken cancellationToken)
    {
        await using var receiver = client.Receive(QueueName);
        var (sent, received) = (0, 0);
        var begun = Stopwatch.GetTimestamp();
        var senders = Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref sent) <= Messages)
                {
                    await client.SendAsync(QueueName, Message(), cancellationToken);
                }
            },
            cancellationToken));
        var receivers = Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref received) <= Messages)
                {
                    var message = await receiver.ReceiveAsync(cancellationToken);
                    await receiver.CompleteAsync(message, cancellationToken);
                }
            },
            cancellationToken));
        await Task.WhenAll([.. senders, .. receivers]);
        return Messages / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static async Task<double> SendAsync(IQueueClient client, CancellationToken cancellationToken)
    {
        var times = new double[Sends];
        for (var i = 0; i < Sends; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await client.SendAsync(QueueName + "-unread", Message(), cancellationToken);
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }

        return Percentile.Of(times, 0.5);
    }

    private static QueueMessage Message() => new() { Id = Guid.NewGuid().ToString("N"), Body = Body };
}
