using Microsoft.Extensions.Options;
using Serverless.Core.Queue;
using Serverless.Core.Queue.ServiceBus;
using Serverless.Core.Webhooks;
using Serverless.Local.Broker;
using Serverless.Local.Tests.EndToEnd.Webhooks.Receiving;

namespace Serverless.Core.Tests.Webhooks;

/// <summary>Deliveries over the embedded broker, whose clock is the test's: retries are scheduled messages.</summary>
public sealed class BrokerDeliveryTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("webhook-queue-").FullName;
    private WebhookSystem _system = null!;
    private EmbeddedBroker _broker = null!;
    private ServiceBusQueueClient _client = null!;
    private Receiver _receiver = null!;

    public async ValueTask InitializeAsync()
    {
        _receiver = await Receiver.StartAsync();
        var clock = WebhookSystem.NewClock();
        _broker = await EmbeddedBroker.StartAsync(new BrokerOptions { DataFolder = _folder, RequireKey = false }, clock);
        _client = new ServiceBusQueueClient(Options.Create(new QueueOptions { ConnectionString = _broker.ConnectionString }), clock);
        _system = new WebhookSystem(clock: clock, queue: _client);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _broker.DisposeAsync();
        await _system.DisposeAsync();
        await _receiver.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task ARetryComesWhenItsTimeHasComeAndNotBefore()
    {
        _receiver.Answer(500);
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await using var messages = _client.Receive(WebhookMessage.Queue);
        await HandleNextAsync(messages);
        await HandleNextAsync(messages);
        var due = (await _system.OnlyDeliveryAsync(endpoint.Id)).NextAttemptAt!.Value;

        var next = messages.ReceiveAsync(WebhookSystem.Now);
        _system.Clock.Advance(due - _system.Clock.GetUtcNow() - TimeSpan.FromMilliseconds(10));
        // A message that is sent now arrives before the scheduled one.
        await _client.SendAsync(WebhookMessage.Queue, new QueueMessage { Id = "mark", Body = "mark"u8.ToArray() }, WebhookSystem.Now);
        var mark = await next;
        Assert.Equal("mark", mark.Message.Id);
        await messages.CompleteAsync(mark, WebhookSystem.Now);
        Assert.Single(_receiver.All);

        _system.Clock.Advance(TimeSpan.FromMilliseconds(10));
        await HandleNextAsync(messages);
        Assert.Equal(2, _receiver.All.Count);
        Assert.Equal(DeliveryState.Delivered, (await _system.OnlyDeliveryAsync(endpoint.Id)).State);
    }

    [Fact]
    public async Task TheMessageOfAKilledDelivererComesToAnotherOneWhenItsLockHasEnded()
    {
        var endpoint = await _system.EndpointAsync(_receiver);
        await _system.EndAsync();
        await using var messages = _client.Receive(WebhookMessage.Queue);
        await HandleNextAsync(messages);
        var taken = await messages.ReceiveAsync(WebhookSystem.Now);
        _system.Killer.At(1, after: false);
        await Assert.ThrowsAsync<KilledException>(() => _system.Handler.HandleAsync(taken.Message.Body, WebhookSystem.Now));

        _system.Clock.Advance(TimeSpan.FromMinutes(1));
        await HandleNextAsync(messages);

        Assert.Equal(2, _receiver.All.Count);
        Assert.Equal((await _system.OnlyDeliveryAsync(endpoint.Id)).Id, Assert.Single(_receiver.All.Select(received => received.Id).Distinct()));
        Assert.Equal(DeliveryState.Delivered, (await _system.OnlyDeliveryAsync(endpoint.Id)).State);
    }

    private async Task HandleNextAsync(IQueueReceiver messages)
    {
        var message = await messages.ReceiveAsync(WebhookSystem.Now).WaitAsync(TimeSpan.FromSeconds(60), WebhookSystem.Now);
        Assert.True(await _system.Handler.HandleAsync(message.Message.Body, WebhookSystem.Now));
        await messages.CompleteAsync(message, WebhookSystem.Now);
    }
}
