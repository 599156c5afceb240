using System.Text;
using Serverless.Core.Queue;

namespace Serverless.Local.Tests.Broker;

public sealed class ClientTests
{
    [Fact]
    public async Task MessageArrivesWithEverythingItsSenderGave()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        var sent = new QueueMessage
        {
            Id = "job_1",
            Body = Encoding.UTF8.GetBytes("{\"schema\":1}"),
            ContentType = "application/json",
            CorrelationId = "call-7",
            ReplyTo = "replies",
            Subject = "generate",
            TimeToLive = TimeSpan.FromMinutes(5),
            Properties = new Dictionary<string, object> { ["api_key"] = "k", ["count"] = 3, ["flag"] = true, ["share"] = 0.5 },
        };
        await client.SendAsync("requests", sent, BrokerHost.Soon);
        await using var receiver = client.Receive("requests");

        var received = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(sent with { Body = default, Properties = received.Message.Properties }, received.Message with { Body = default });
        Assert.Equal(sent.Properties.OrderBy(pair => pair.Key), received.Message.Properties.OrderBy(pair => pair.Key));
        Assert.Equal(sent.Body.ToArray(), received.Message.Body.ToArray());
        Assert.Equal(1, received.DeliveryCount);
        Assert.Equal(1, received.SequenceNumber);
        Assert.NotEqual(Guid.Empty, received.LockToken);
        Assert.InRange(received.LockedUntil - received.EnqueuedAt, TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task ManyMessagesKeepTheirOrder()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await client.SendAsync("requests", [.. Enumerable.Range(0, 500).Select(i => BrokerHost.Text($"m{i}", $"{i}"))], BrokerHost.Soon);
        await using var receiver = client.Receive("requests");

        for (var i = 0; i < 500; i++)
        {
            var message = await receiver.ReceiveAsync(BrokerHost.Soon);
            Assert.Equal($"{i}", BrokerHost.Text(message));
            await receiver.CompleteAsync(message, BrokerHost.Soon);
        }
    }

    [Fact]
    public async Task SecondMessageOfTheSameIdIsDropped()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("same", "first"), BrokerHost.Soon);
        await client.SendAsync("requests", BrokerHost.Text("same", "second"), BrokerHost.Soon);
        await client.SendAsync("requests", BrokerHost.Text("other", "third"), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");

        var first = await receiver.ReceiveAsync(BrokerHost.Soon);
        var next = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(("first", "third"), (BrokerHost.Text(first), BrokerHost.Text(next)));
    }

    [Fact]
    public async Task AbandonedMessageComesBackAndCounts()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("a"), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");
        await receiver.AbandonAsync(await receiver.ReceiveAsync(BrokerHost.Soon), BrokerHost.Soon);

        var again = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(2, again.DeliveryCount);
    }

    [Fact]
    public async Task MessageThatNeverSucceedsEndsAmongTheDeadLetters()
    {
        await using var host = await BrokerHost.StartAsync(options => options.MaxDeliveryCount = 3);
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("poison"), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");
        for (var i = 0; i < 3; i++)
        {
            await receiver.AbandonAsync(await receiver.ReceiveAsync(BrokerHost.Soon), BrokerHost.Soon);
        }

        await using var dead = client.Receive("requests", new ReceiveOptions { DeadLetters = true });
        var message = await dead.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal("MaxDeliveryCountExceeded", message.Message.Properties["DeadLetterReason"]);
    }

    [Fact]
    public async Task DeadLetterSaysWhy()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("bad") with { Properties = new Dictionary<string, object> { ["kept"] = "yes" } }, BrokerHost.Soon);
        await using var receiver = client.Receive("requests");
        await receiver.DeadLetterAsync(await receiver.ReceiveAsync(BrokerHost.Soon), "BadInput", "It has no model.", BrokerHost.Soon);

        await using var dead = client.Receive("requests", new ReceiveOptions { DeadLetters = true });
        var message = await dead.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal("BadInput", message.Message.Properties["DeadLetterReason"]);
        Assert.Equal("It has no model.", message.Message.Properties["DeadLetterErrorDescription"]);
        Assert.Equal("yes", message.Message.Properties["kept"]);
        Assert.Equal("hello", BrokerHost.Text(message));
        await dead.CompleteAsync(message, BrokerHost.Soon);
    }

    [Fact]
    public async Task LostLockIsSeenByEverySettlement()
    {
        await using var host = await BrokerHost.StartAsync(options => options.LockDuration = TimeSpan.FromMilliseconds(200));
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("slow"), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");
        var lost = await receiver.ReceiveAsync(BrokerHost.Soon);

        // The next delivery can only come when the lock of the first has ended.
        var again = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(2, again.DeliveryCount);
        foreach (var settle in new Func<Task>[]
        {
            () => receiver.CompleteAsync(lost, BrokerHost.Soon),
            () => receiver.AbandonAsync(lost, BrokerHost.Soon),
            () => receiver.DeadLetterAsync(lost, "r", "d", BrokerHost.Soon),
            () => receiver.RenewAsync(lost, BrokerHost.Soon),
        })
        {
            Assert.Equal(QueueFailure.LockLost, (await Assert.ThrowsAsync<QueueException>(settle)).Reason);
        }
    }

    [Fact]
    public async Task RenewedLockHoldsLonger()
    {
        await using var host = await BrokerHost.StartAsync(options => options.LockDuration = TimeSpan.FromSeconds(2));
        var client = host.Client();
        await client.SendAsync("requests", BrokerHost.Text("long"), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");
        var message = await receiver.ReceiveAsync(BrokerHost.Soon);

        DateTimeOffset until;
        do
        {
            // The wire counts in milliseconds: a lock renewed within the same one ends when it did before.
            until = await receiver.RenewAsync(message, BrokerHost.Soon);
        }
        while (until == message.LockedUntil && message.LockedUntil > DateTimeOffset.UtcNow);

        Assert.True(until > message.LockedUntil);
        await receiver.CompleteAsync(message, BrokerHost.Soon);
    }

    [Fact]
    public async Task ScheduledMessageWaitsForItsTime()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        var at = DateTimeOffset.UtcNow.AddMilliseconds(400);
        await client.SendAsync("requests", BrokerHost.Text("later") with { ScheduledAt = at }, BrokerHost.Soon);
        await using var receiver = client.Receive("requests");

        await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.True(DateTimeOffset.UtcNow >= at - TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public async Task MessageOfACallerWhoLeftGoesToTheNext()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await using var receiver = client.Receive("requests");
        using var leave = new CancellationTokenSource();
        var left = receiver.ReceiveAsync(leave.Token);
        await client.SendAsync("replies", BrokerHost.Text("warm"), BrokerHost.Soon);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        await client.SendAsync("requests", BrokerHost.Text("one"), BrokerHost.Soon);
        var message = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(1, message.DeliveryCount);
        await receiver.CompleteAsync(message, BrokerHost.Soon);
    }

    [Fact]
    public async Task ReceiverTakesOnlyAsManyAsAreWaitedFor()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await using var greedy = client.Receive("requests");
        await using var other = client.Receive("requests");
        await client.SendAsync("requests", [.. Enumerable.Range(0, 3).Select(i => BrokerHost.Text($"m{i}", $"{i}"))], BrokerHost.Soon);
        await greedy.ReceiveAsync(BrokerHost.Soon);

        var second = await other.ReceiveAsync(BrokerHost.Soon);
        var third = await other.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(("1", "2"), (BrokerHost.Text(second), BrokerHost.Text(third)));
    }

    [Fact]
    public async Task ClientGoesOnWhenTheBrokerComesBack()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        await using var receiver = client.Receive("requests");
        await client.SendAsync("requests", BrokerHost.Text("before"), BrokerHost.Soon);
        var before = await receiver.ReceiveAsync(BrokerHost.Soon);
        var waiting = receiver.ReceiveAsync(BrokerHost.Soon);

        await host.RestartAsync();
        await client.SendAsync("requests", BrokerHost.Text("after"), BrokerHost.Soon);
        var first = await waiting;
        var second = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(["after", "before"], new[] { first, second }.Select(message => message.Message.Id).Order());
        Assert.Equal(2, new[] { first, second }.Single(message => message.Message.Id == "before").DeliveryCount);
        var stale = await Assert.ThrowsAsync<QueueException>(() => receiver.CompleteAsync(before, BrokerHost.Soon));
        Assert.Equal(QueueFailure.LockLost, stale.Reason);
        await receiver.CompleteAsync(first, BrokerHost.Soon);
        await receiver.CompleteAsync(second, BrokerHost.Soon);
    }

    [Fact]
    public async Task WrongKeyIsRefusedWithTheRemedy()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client(options => options.ConnectionString = options.ConnectionString!.Replace("SharedAccessKey=", "SharedAccessKey=x", StringComparison.Ordinal));

        var error = await Assert.ThrowsAsync<QueueException>(() => client.SendAsync("requests", BrokerHost.Text("m"), BrokerHost.Soon));

        Assert.Equal(QueueFailure.Unauthorized, error.Reason);
        Assert.False(error.IsTransient);
        Assert.Contains("connection string", error.Message, StringComparison.Ordinal);
        await using var receiver = client.Receive("requests");
        Assert.Equal(QueueFailure.Unauthorized, (await Assert.ThrowsAsync<QueueException>(() => receiver.ReceiveAsync(BrokerHost.Soon))).Reason);
    }

    [Theory]
    [InlineData("no spaces")]
    [InlineData("-starts-badly")]
    [InlineData("\u00fcber")]
    public async Task BadQueueNameIsRefused(string queue)
    {
        await using var host = await BrokerHost.StartAsync();

        var error = await Assert.ThrowsAsync<QueueException>(() => host.Client().SendAsync(queue, BrokerHost.Text("m"), BrokerHost.Soon));

        Assert.Equal(QueueFailure.NotFound, error.Reason);
    }

    [Fact]
    public async Task UndeclaredQueueIsRefusedWhereQueuesAreNotMadeOnUse()
    {
        await using var host = await BrokerHost.StartAsync(options => options.CreateQueues = false);
        var client = host.Client();
        await client.SendAsync("jobs-smollm2-default", BrokerHost.Text("m"), BrokerHost.Soon);

        var error = await Assert.ThrowsAsync<QueueException>(() => client.SendAsync("typo", BrokerHost.Text("m"), BrokerHost.Soon));

        Assert.Equal(QueueFailure.NotFound, error.Reason);
    }

    [Fact]
    public async Task MessageThatIsTooLargeIsRefused()
    {
        await using var host = await BrokerHost.StartAsync(options => options.MaxMessageBytes = 2_048);

        var error = await Assert.ThrowsAsync<QueueException>(
            () => host.Client().SendAsync("requests", BrokerHost.Text("m", new string('x', 4_096)), BrokerHost.Soon));

        Assert.Equal(QueueFailure.MessageTooLarge, error.Reason);
    }

    [Fact]
    public async Task LargeMessageCrossesManyFrames()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client();
        var body = new string('x', 900_000);
        await client.SendAsync("requests", BrokerHost.Text("large", body), BrokerHost.Soon);
        await using var receiver = client.Receive("requests");

        var message = await receiver.ReceiveAsync(BrokerHost.Soon);

        Assert.Equal(body, BrokerHost.Text(message));
    }

    [Fact]
    public async Task FullQueueRefusesMore()
    {
        await using var host = await BrokerHost.StartAsync(options => (options.MaxMessageBytes, options.MaxQueueBytes) = (2_048, 4_096));
        var client = host.Client();
        await client.SendAsync("requests", [.. Enumerable.Range(0, 3).Select(i => BrokerHost.Text($"m{i}", new string('x', 1_000)))], BrokerHost.Soon);

        var error = await Assert.ThrowsAsync<QueueException>(() => client.SendAsync("requests", BrokerHost.Text("m9", new string('x', 1_500)), BrokerHost.Soon));

        Assert.Equal(QueueFailure.QuotaExceeded, error.Reason);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task SendWithoutABrokerFailsInItsTime()
    {
        await using var host = await BrokerHost.StartAsync();
        var client = host.Client(options => options.OperationTimeout = TimeSpan.FromMilliseconds(500));
        await host.Broker.DisposeAsync();

        var error = await Assert.ThrowsAsync<QueueException>(() => client.SendAsync("requests", BrokerHost.Text("m"), BrokerHost.Soon));

        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task DisposedReceiverTellsThoseWhoWait()
    {
        await using var host = await BrokerHost.StartAsync();
        var receiver = host.Client().Receive("requests");
        var waiting = receiver.ReceiveAsync(BrokerHost.Soon);

        await receiver.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }
}
