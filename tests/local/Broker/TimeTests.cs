using Serverless.Local.Broker;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Tests.Broker;

/// <summary>What time does to messages: locks, schedules, lives and the memory of ids, at a clock that the test moves.</summary>
public sealed class TimeTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Lock = new BrokerOptions().LockDuration;

    [Fact]
    public void MessageThatIsNotSettledComesBackAfterItsLockAndCounts()
    {
        using var host = new CoreHost();
        host.Send("m");
        var first = host.Take()!;
        Assert.Equal((1, host.Now + Lock), (first.Deliveries, first.LockedUntil));
        var token = first.LockToken;

        host.Time.Advance(Lock - Tick);
        Assert.Null(host.Take());
        host.Time.Advance(Tick);
        var again = host.Take();

        Assert.Equal(2, again?.Deliveries);
        Assert.NotEqual(token, again!.LockToken);
        Assert.False(host.With((queue, now) => queue.Complete(token, now)));
        Assert.Null(host.With((queue, now) => queue.Renew(token, now)));
        Assert.True(host.With((queue, now) => queue.Complete(again.LockToken, now)));
    }

    [Fact]
    public void LockThatEndsGivesTheMessageToAReceiverThatWaits()
    {
        using var host = new CoreHost();
        var (slow, next) = (new Receiver(), new Receiver());
        host.Do(() => Join(host, slow));
        host.Send("m");
        host.Do(() => Join(host, next));
        Assert.Single(slow.Deliveries);

        host.Time.Advance(Lock);

        Assert.Equal(("m", 2), (Assert.Single(next.Deliveries).Entry.Facts.Id, next.Deliveries[0].Count));
    }

    [Fact]
    public void RenewedLockDoesNotEnd()
    {
        using var host = new CoreHost();
        host.Send("m");
        var entry = host.Take()!;
        for (var i = 0; i < 10; i++)
        {
            host.Time.Advance(Lock - Tick);
            Assert.Equal(host.Now + Lock, host.With((queue, now) => queue.Renew(entry.LockToken, now)));
            Assert.Null(host.Take());
        }

        Assert.True(host.With((queue, now) => queue.Complete(entry.LockToken, now)));
        host.Time.Advance(Lock + Lock);
        Assert.Null(host.Take());
    }

    [Fact]
    public void LockOutlivesNoRestartButTheCountDoes()
    {
        using var host = new CoreHost();
        host.Send("m");
        var token = host.Take()!.LockToken;

        host.Restart();

        Assert.False(host.With((queue, now) => queue.Complete(token, now)));
        Assert.Equal(2, host.Take()?.Deliveries);
    }

    [Fact]
    public void MessageWhoseLocksAlwaysEndIsBuriedAfterTheLastDelivery()
    {
        using var host = new CoreHost(options => options.MaxDeliveryCount = 3);
        host.Send("poison");
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, host.Take()?.Deliveries);
            host.Time.Advance(Lock);
        }

        Assert.Null(host.Take());
        Assert.Equal("MaxDeliveryCountExceeded", host.Take(CoreHost.DeadLetters)?.DeadLetterReason);
        host.Restart();
        Assert.Null(host.Take());
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(host.Take(CoreHost.DeadLetters));
            host.Time.Advance(Lock);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ScheduledMessageIsVisibleAtItsTimeAndNotBefore(bool restarts)
    {
        using var host = new CoreHost();
        host.Send("later", at: host.Now.AddDays(3));
        if (restarts)
        {
            host.Restart();
        }

        host.Time.Advance(TimeSpan.FromDays(3) - Tick);
        Assert.Null(host.Take());
        host.Time.Advance(Tick);

        var entry = host.Take();
        Assert.Equal(("later", host.Now), (entry?.Facts.Id, entry?.EnqueuedAt));
    }

    [Fact]
    public void ScheduledMessageReachesAReceiverThatWaits()
    {
        using var host = new CoreHost();
        var receiver = new Receiver();
        host.Do(() => Join(host, receiver));
        host.Send("later", at: host.Now.AddDays(3));
        Assert.Empty(receiver.Deliveries);

        host.Time.Advance(TimeSpan.FromDays(3));

        Assert.Equal("later", Assert.Single(receiver.Deliveries).Entry.Facts.Id);
    }

    [Fact]
    public void ScheduledMessageWhoseTimeCameWhileTheBrokerWasDownIsVisibleAtItsStart()
    {
        using var host = new CoreHost();
        host.Send("second", at: host.Now.AddHours(2));
        host.Send("first", at: host.Now.AddHours(1));
        host.Core.Dispose();
        host.Time.Advance(TimeSpan.FromDays(1));

        host.Restart();

        Assert.Equal(["first", "second"], new[] { host.Take()?.Facts.Id, host.Take()?.Facts.Id });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ScheduledMessageJoinsBehindThoseThatCameMeanwhile(bool restarts)
    {
        using var host = new CoreHost();
        var scheduled = host.Send("later", at: host.Now.AddMinutes(1));
        host.Send("meanwhile");
        host.Time.Advance(TimeSpan.FromMinutes(1));
        if (restarts)
        {
            host.Restart();
        }

        Assert.Equal("meanwhile", host.Take()?.Facts.Id);
        var later = host.Take()!;
        Assert.Equal("later", later.Facts.Id);
        Assert.True(later.Sequence > scheduled + 1);
        Assert.False(host.With((queue, _) => queue.CancelScheduled(scheduled)));
    }

    [Fact]
    public void CancelledMessageNeverComes()
    {
        using var host = new CoreHost();
        var sequence = host.Send("later", at: host.Now.AddMinutes(1));
        Assert.True(host.With((queue, _) => queue.CancelScheduled(sequence)));
        Assert.False(host.With((queue, _) => queue.CancelScheduled(sequence)));

        host.Restart();
        host.Time.Advance(TimeSpan.FromHours(1));

        Assert.Null(host.Take());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MessageIsGoneWhenItsLifeEnds(bool restarts)
    {
        using var host = new CoreHost();
        host.Send("brief", life: TimeSpan.FromMinutes(5));
        host.Send("lasting");
        if (restarts)
        {
            host.Restart();
        }

        host.Time.Advance(TimeSpan.FromMinutes(5) - Tick);
        Assert.Equal(2, host.Contents.Length);
        host.Time.Advance(Tick);

        Assert.Contains("lasting", Assert.Single(host.Contents), StringComparison.Ordinal);
        Assert.Equal("lasting", host.Take()?.Facts.Id);
    }

    [Fact]
    public void LifeOfAScheduledMessageBeginsWhenItIsVisible()
    {
        using var host = new CoreHost();
        host.Send("m", at: host.Now.AddHours(1), life: TimeSpan.FromMinutes(5));
        host.Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(5) - Tick);
        Assert.Single(host.Contents);

        host.Time.Advance(Tick);

        Assert.Empty(host.Contents);
    }

    [Fact]
    public void MessageWhoseLifeEndsUnderALockCanBeCompletedButDoesNotComeBack()
    {
        using var host = new CoreHost();
        host.Send("completed", life: TimeSpan.FromSeconds(1));
        host.Send("abandoned", life: TimeSpan.FromSeconds(1));
        var (completed, abandoned) = (host.Take()!, host.Take()!);
        host.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(host.With((queue, now) => queue.Complete(completed.LockToken, now)));
        Assert.True(host.With((queue, now) => queue.Abandon(abandoned.LockToken, now)));

        Assert.Null(host.Take());
        Assert.Empty(host.Contents);
    }

    [Fact]
    public void DeadLetterHasNoEndOfLife()
    {
        using var host = new CoreHost();
        host.Send("m", life: TimeSpan.FromMinutes(1));
        var entry = host.Take()!;
        host.With((queue, now) => queue.DeadLetter(entry.LockToken, "r", "d", now));

        host.Time.Advance(TimeSpan.FromDays(365));

        Assert.Equal("m", host.Take(CoreHost.DeadLetters)?.Facts.Id);
    }

    [Fact]
    public void DeferredMessageWaitsForItsNumberAndStaysDeferredUntilItIsSettled()
    {
        using var host = new CoreHost();
        host.Send("m");
        var first = host.Take()!;
        Assert.True(host.With((queue, now) => queue.Defer(first.LockToken, now)));
        host.Restart();
        Assert.Null(host.Take());

        var second = host.With((queue, now) => queue.TakeDeferred(1, now))!;
        Assert.Equal(2, second.Deliveries);
        Assert.Null(host.With((queue, now) => queue.TakeDeferred(1, now)));
        host.Time.Advance(Lock);
        Assert.Null(host.Take());
        var third = host.With((queue, now) => queue.TakeDeferred(1, now))!;

        Assert.True(host.With((queue, now) => queue.Complete(third.LockToken, now)));
        Assert.Empty(host.Contents);
    }

    [Fact]
    public void DeferredMessageIsGoneWhenItsLifeEnds()
    {
        using var host = new CoreHost();
        host.Send("m", life: TimeSpan.FromHours(1));
        var entry = host.Take()!;
        host.With((queue, now) => queue.Defer(entry.LockToken, now));

        host.Time.Advance(TimeSpan.FromHours(1));

        Assert.Empty(host.Contents);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SecondMessageOfAnIdIsDroppedWithinTheWindowOnly(bool restarts)
    {
        using var host = new CoreHost(options => options.DuplicateWindow = TimeSpan.FromMinutes(10));
        host.Send("same", "first");
        var entry = host.Take()!;
        host.With((queue, now) => queue.Complete(entry.LockToken, now));
        if (restarts)
        {
            host.Restart();
        }

        host.Time.Advance(TimeSpan.FromMinutes(10) - Tick);
        Assert.Equal(0, host.Send("same", "second"));
        host.Time.Advance(Tick);
        Assert.NotEqual(0, host.Send("same", "third"));

        Assert.Equal("third", CoreHost.Text(host.Take()!));
        Assert.Null(host.Take());
    }

    [Fact]
    public void NoWindowKeepsEveryMessage()
    {
        using var host = new CoreHost(options => options.DuplicateWindow = TimeSpan.Zero);
        host.Send("same");
        host.Send("same");

        Assert.Equal(2, host.Contents.Length);
    }

    [Fact]
    public void MessagesThatDoNotAllFitAreRefusedTogether()
    {
        using var host = new CoreHost(options => (options.MaxMessageBytes, options.MaxQueueBytes) = (1_024, 2_048));
        var messages = Enumerable.Range(0, 3).Select(i => (new byte[1_000], new MessageFacts { Id = $"m{i}", BareStart = 0 })).ToArray();

        var refusal = host.Do(() => Record.Exception(() => host.Core.Enqueue(CoreHost.Queue, messages)));

        Assert.Equal(BrokerStateException.QuotaExceeded, Assert.IsType<BrokerStateException>(refusal).Condition);
        Assert.Empty(host.Contents);
        Assert.Equal([1, 2], host.Do(() => host.Core.Enqueue(CoreHost.Queue, messages[..2])));
        Assert.Equal([0, 0], host.Do(() => host.Core.Enqueue(CoreHost.Queue, messages[..2])));
    }

    private static bool Join(CoreHost host, Receiver receiver)
    {
        host.Core.Dispatcher.Add(host.Core.State.Queue(CoreHost.Queue), receiver);
        return true;
    }

    /// <summary>A receiver that asked for one message.</summary>
    private sealed class Receiver : IConsumer
    {
        public List<Delivery> Deliveries { get; } = [];

        public int Credit { get; set; } = 1;

        public bool IsDraining { get; set; }

        public bool SettlesOnSend => false;

        public void Send(Delivery delivery) => Deliveries.Add(delivery);

        public void AnswerDrain()
        {
        }
    }
}
