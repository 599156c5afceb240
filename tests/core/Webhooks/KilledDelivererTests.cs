using Serverless.Core.Webhooks;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>Between any two steps of a delivery the process may be killed; its message comes again when the lock has ended.</summary>
public sealed class KilledDelivererTests
{
    private const int MostSteps = 100;

    public static TheoryData<bool, int[]> Cases => new()
    {
        { false, [] },
        { true, [] },
        { false, [500] },
        { true, [500] },
        { false, [500, 503, 500] },
        { true, [500, 503, 500] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task WhereverADelivererIsKilledItsReceiversGetTheirMessage(bool after, int[] failures)
    {
        var step = 1;
        while (await IsKilledAsync(step, after, failures))
        {
            Assert.InRange(++step, 1, MostSteps);
        }

        // Two deliveries are made, scheduled, noted and completed, beside the message that makes them.
        Assert.InRange(step, 10, MostSteps);
    }

    [Fact]
    public async Task ALongWaitForTheNextAttemptSurvivesAKillRightAfterItWasScheduled()
    {
        await using var system = new WebhookSystem(new() { AllowPrivateNetworks = true, FirstRetry = TimeSpan.FromMinutes(30) });
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer(500, 500);
        var endpoint = await system.EndpointAsync(receiver);
        await system.EndAsync();

        // Made, its message sent, the event's message completed, health noted, the next attempt scheduled; not noted any more.
        system.Killer.At(5, after: true);
        await system.RunForAsync(TimeSpan.FromHours(3));

        Assert.True(system.Killer.HasKilled);
        Assert.Equal(DeliveryState.Delivered, (await system.OnlyDeliveryAsync(endpoint.Id)).State);
        Assert.Equal(0, system.Queue.Count);
    }

    private static async Task<bool> IsKilledAsync(int step, bool after, int[] failures)
    {
        await using var system = new WebhookSystem();
        await using var receiver = await Receiver.StartAsync();
        await using var own = await Receiver.StartAsync();
        receiver.Answer(failures);
        own.Answer(failures);
        var endpoint = await system.EndpointAsync(receiver);
        await system.EndAsync(webhookUrl: own.Url);

        system.Killer.At(step, after);
        await system.RunForAsync(TimeSpan.FromHours(1));

        foreach (var (id, at) in new[] { (endpoint.Id, receiver), (WebhookEndpoint.Requests, own) })
        {
            var delivery = await system.OnlyDeliveryAsync(id);
            Assert.True(delivery.State == DeliveryState.Delivered, $"Killed {(after ? "after" : "before")} step {step}, {id} is left {delivery.State}.");
            Assert.Equal(delivery.Id, Assert.Single(at.All.Select(received => received.Id).Distinct()));
            Assert.InRange(at.All.Count, failures.Length + 1, failures.Length + 2);
        }

        Assert.Equal(0, system.Queue.Count);
        return system.Killer.HasKilled;
    }
}
