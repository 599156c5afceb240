using Serverless.Core.Jobs;
using Serverless.Core.Webhooks;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>What becomes of an event, by what its receiver answers.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private readonly WebhookSystem _system = new();
    private Receiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await Receiver.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _system.DisposeAsync();
    }

    [Theory]
    [InlineData(JobState.Succeeded, "job.succeeded")]
    [InlineData(JobState.Failed, "job.failed")]
    [InlineData(JobState.Cancelled, "job.cancelled")]
    [InlineData(JobState.Expired, "job.expired")]
    public async Task EveryEndOfAJobIsToldOnce(JobState state, string name)
    {
        var endpoint = await _system.EndpointAsync(_receiver);
        var job = await _system.EndAsync(state);
        await _system.RunAsync();

        var received = Assert.Single(_receiver.All);
        Assert.Equal((name, job.Id.ToString()), (received.Type, received.Data.GetProperty("id").GetString()));
        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal((DeliveryState.Delivered, received.Id, null), (delivery.State, delivery.Id, delivery.NextAttemptAt));
        Assert.Equal((200, "status 200"), (delivery.Attempts[0].Status, delivery.Attempts[0].Response));
        Assert.Equal(0, _system.Queue.Count);
    }

    [Fact]
    public async Task AnEndpointHearsOnlyOfWhatItWants()
    {
        await _system.EndpointAsync(_receiver, "job.failed");
        await _system.EndAsync(JobState.Succeeded);
        var failed = await _system.EndAsync(JobState.Failed);
        await _system.RunAsync();

        Assert.Equal(failed.Id.ToString(), Assert.Single(_receiver.All).Data.GetProperty("id").GetString());
    }

    [Fact]
    public async Task ARequestsOwnAddressAndEveryEndpointAreTold()
    {
        await using var own = await Receiver.StartAsync();
        await using var other = await Receiver.StartAsync();
        await _system.EndpointAsync(_receiver);
        await _system.EndpointAsync(other);
        await _system.EndAsync(webhookUrl: own.Url);
        await _system.RunAsync();

        var ids = new[] { own, other, _receiver }.Select(receiver => Assert.Single(receiver.All).Id);
        Assert.Equal(3, ids.Distinct().Count());
    }

    [Fact]
    public async Task NobodyIsToldOfAJobThatWasRefusedAtTheDoor()
    {
        await _system.EndpointAsync(_receiver);
        await _system.EndAsync(JobState.Failed, _receiver.Url, JobError.Server("The job was not accepted.", JobError.NotAccepted));

        Assert.Equal(0, _system.Queue.Count);
    }

    [Fact]
    public async Task ATenantWithoutReceiversPutsNothingOnTheQueue()
    {
        await _system.EndAsync();
        Assert.Equal(0, _system.Queue.Count);
    }

    [Fact]
    public async Task AReceiverThatFailsTwiceGetsTheSameMessageAThirdTime()
    {
        _receiver.Answer(500, 502);
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(3, _receiver.All.Count);
        Assert.Single(_receiver.All.Select(received => (received.Id, received.Text)).Distinct());
        Assert.Equal(3, _receiver.All.Select(received => received.Headers["webhook-timestamp"]).Distinct().Count());
        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal((DeliveryState.Delivered, 4), (delivery.State, delivery.NextAttempt));
        Assert.Equal([500, 502, 200], delivery.Attempts.Select(attempt => attempt.Status!.Value));
        var waits = delivery.Attempts.Zip(delivery.Attempts.Skip(1), (one, next) => (next.At - one.At).TotalSeconds).ToArray();
        Assert.InRange(waits[0], 4, 6);
        Assert.InRange(waits[1], 12, 18);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(301)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(599)]
    public async Task WhateverIsNot2xxOrGoneIsTriedAgain(int status)
    {
        // 100 is no final answer: the connection ends without one.
        _receiver.Answer(context =>
        {
            if (status == 100)
            {
                context.Abort();
            }
            else
            {
                context.Response.StatusCode = status;
            }

            return Task.CompletedTask;
        });
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();

        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal(DeliveryState.Pending, delivery.State);
        Assert.InRange(delivery.NextAttemptAt!.Value - _system.Clock.GetUtcNow(), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6));
        Assert.Equal(delivery.NextAttemptAt, _system.Queue.NextDue);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(204)]
    [InlineData(299)]
    public async Task AnyStatusOf200To299IsSuccess(int status)
    {
        _receiver.Answer(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();

        Assert.Equal(DeliveryState.Delivered, (await _system.OnlyDeliveryAsync(endpoint.Id)).State);
    }

    [Fact]
    public async Task GoneDisablesTheEndpointUntilItsOwnerEnablesIt()
    {
        _receiver.Answer(410);
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromDays(1));

        Assert.Single(_receiver.All);
        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal((DeliveryState.Failed, "The receiver answered 410 Gone."), (delivery.State, delivery.Reason));
        Assert.NotNull((await _system.Endpoints.HealthAsync(WebhookSystem.Tenant, endpoint.Id, WebhookSystem.Now)).GoneAt);

        await _system.Endpoints.ForgetHealthAsync(WebhookSystem.Tenant, endpoint.Id, WebhookSystem.Now);
        await _system.EndAsync();
        await _system.RunAsync();
        Assert.Equal(2, _receiver.All.Count);
    }

    [Fact]
    public async Task GoneAtARequestsOwnAddressEndsThatDeliveryOnly()
    {
        _receiver.Answer(410);
        await _system.EndAsync(webhookUrl: _receiver.Url);
        await _system.RunForAsync(TimeSpan.FromDays(1));
        Assert.Single(_receiver.All);

        await _system.EndAsync(webhookUrl: _receiver.Url);
        await _system.RunAsync();
        Assert.Equal(2, _receiver.All.Count);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task RetryAfterHoldsEveryMessageOfTheEndpointBack(int status)
    {
        _receiver.Answer(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "600";
            return Task.CompletedTask;
        });
        await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromSeconds(599));
        Assert.Single(_receiver.All);

        await _system.RunForAsync(TimeSpan.FromSeconds(120));
        Assert.Equal(3, _receiver.All.Count);
        Assert.Equal(2, _receiver.All.Select(received => received.Id).Distinct().Count());
    }

    [Fact]
    public async Task RetryAfterIsGrantedWithinReason()
    {
        _receiver.Answer(context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "2000000000";
            return Task.CompletedTask;
        });
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromHours(13));

        Assert.Equal(DeliveryState.Delivered, (await _system.OnlyDeliveryAsync(endpoint.Id)).State);
    }

    [Fact]
    public async Task ADeliveryIsGivenUpWhenTheTimeForRetriesIsOver()
    {
        _receiver.Status = 500;
        var endpoint = await _system.EndpointAsync(_receiver);
        var start = _system.Clock.GetUtcNow();
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromDays(4));

        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal((DeliveryState.Failed, "No attempt succeeded in the time for retries."), (delivery.State, delivery.Reason));
        Assert.InRange(delivery.NextAttempt - 1, 12, 16);
        Assert.Equal(delivery.NextAttempt - 1, _receiver.All.Count);
        Assert.InRange(delivery.Attempts[^1].At - start, TimeSpan.FromDays(2), TimeSpan.FromDays(3));
        Assert.Equal(0, _system.Queue.Count);
    }

    [Fact]
    public async Task ADeadReceiverIsLeftAloneAndDelaysNobody()
    {
        _receiver.Status = 500;
        await using var healthy = await Receiver.StartAsync();
        var dead = await _system.EndpointAsync(_receiver);
        var endpoint = await _system.EndpointAsync(healthy);
        for (var i = 0; i < 20; i++)
        {
            await _system.EndAsync();
        }

        await _system.RunAsync();

        // The circuit opens at the fifth failure; whatever came after it waits without an attempt.
        Assert.Equal(5, _receiver.All.Count);
        Assert.True((await _system.Endpoints.HealthAsync(WebhookSystem.Tenant, dead.Id, WebhookSystem.Now)).IsPaused(_system.Clock.GetUtcNow()));
        Assert.Equal(20, healthy.All.Count);
        Assert.All(await _system.Deliveries.ListAsync(WebhookSystem.Tenant, endpoint.Id, null, WebhookSystem.Now).ToListAsync(WebhookSystem.Now), delivery => Assert.Equal(DeliveryState.Delivered, delivery.State));

        _receiver.Status = 200;
        await _system.RunForAsync(TimeSpan.FromMinutes(10));
        Assert.All(await _system.Deliveries.ListAsync(WebhookSystem.Tenant, dead.Id, null, WebhookSystem.Now).ToListAsync(WebhookSystem.Now), delivery => Assert.Equal(DeliveryState.Delivered, delivery.State));
        Assert.Equal(new EndpointHealth(), await _system.Endpoints.HealthAsync(WebhookSystem.Tenant, dead.Id, WebhookSystem.Now));
    }

    [Fact]
    public async Task WhatWaitsForADisabledEndpointIsGivenUp()
    {
        _receiver.Status = 500;
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();
        await _system.Endpoints.UpdateAsync(endpoint with { DisabledAt = _system.Clock.GetUtcNow() }, WebhookSystem.Now);
        await _system.RunForAsync(TimeSpan.FromMinutes(1));

        Assert.Single(_receiver.All);
        Assert.Equal("The endpoint is disabled.", (await _system.OnlyDeliveryAsync(endpoint.Id)).Reason);
    }

    [Fact]
    public async Task NothingGoesToADeletedEndpoint()
    {
        _receiver.Status = 500;
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunAsync();
        await _system.Endpoints.DeleteAsync(endpoint, WebhookSystem.Now);
        await _system.Deliveries.DeleteAllAsync(WebhookSystem.Tenant, endpoint.Id, WebhookSystem.Now);
        await _system.RunForAsync(TimeSpan.FromDays(1));

        Assert.Single(_receiver.All);
        Assert.Equal(0, _system.Queue.Count);
    }

    [Fact]
    public async Task ATestEventIsDeliveredLikeAnyOther()
    {
        var endpoint = await _system.EndpointAsync(_receiver, "job.failed");
        var delivery = await _system.FanOut.TestAsync(endpoint, WebhookSystem.Now);
        await _system.RunAsync();

        var received = Assert.Single(_receiver.All);
        Assert.Equal(("webhook.test", delivery.Id), (received.Type, received.Id));
    }

    [Fact]
    public async Task AReplayHasTheSameIdAndTheWholeTimeForRetries()
    {
        _receiver.Status = 500;
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await _system.RunForAsync(TimeSpan.FromDays(4));
        var failed = await _system.OnlyDeliveryAsync(endpoint.Id);
        var tried = _receiver.All.Count;

        await _system.FanOut.ReplayAsync(failed, WebhookSystem.Now);
        await _system.RunAsync();
        Assert.Equal(tried + 1, _receiver.All.Count);
        _receiver.Status = 200;

        // Its second attempt would be due after seconds, if the endpoint's circuit were not open.
        await _system.RunForAsync(TimeSpan.FromMinutes(15));

        var delivery = await _system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal((DeliveryState.Delivered, tried + 3), (delivery.State, delivery.NextAttempt));
        Assert.Single(_receiver.All.Select(received => received.Id).Distinct());
    }

    [Fact]
    public async Task AReplayDuringAnAttemptIsNotLost()
    {
        _receiver.Answer(async context =>
        {
            // The owner replays while this very attempt is under way, which then fails for good.
            await _system.FanOut.ReplayAsync(await _system.OnlyDeliveryAsync(WebhookEndpoint.Requests), CancellationToken.None);
            context.Response.StatusCode = 410;
        });
        await _system.EndAsync(webhookUrl: _receiver.Url);
        await _system.RunAsync();

        var delivery = await _system.OnlyDeliveryAsync(WebhookEndpoint.Requests);
        Assert.Equal((DeliveryState.Delivered, 1), (delivery.State, delivery.Round));
        Assert.Equal([410, 200], delivery.Attempts.Select(attempt => attempt.Status!.Value));
    }

    [Fact]
    public async Task TheLogKeepsTheLastTwentyAttempts()
    {
        await using var system = new WebhookSystem(new() { AllowPrivateNetworks = true, MaxRetryDelay = TimeSpan.FromMinutes(30) });
        _receiver.Status = 500;
        var endpoint = await system.EndpointAsync(_receiver);
        await system.EndAsync();
        await system.RunForAsync(TimeSpan.FromDays(4));

        var delivery = await system.OnlyDeliveryAsync(endpoint.Id);
        Assert.Equal(_receiver.All.Count, delivery.NextAttempt - 1);
        Assert.Equal(Enumerable.Range(delivery.NextAttempt - 20, 20), delivery.Attempts.Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task AStoreThatIsAwayPutsTheDeliveryOffAndLosesNothing()
    {
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        _system.Store.FailOnce("webhook-deliveries/");
        await _system.RunAsync();
        Assert.Empty(_receiver.All);

        await _system.RunForAsync(TimeSpan.FromSeconds(5));
        Assert.Single(_receiver.All);
        Assert.Equal(DeliveryState.Delivered, (await _system.OnlyDeliveryAsync(endpoint.Id)).State);
    }
}
