using System.Runtime.CompilerServices;
using System.Text;
using Serverless.Local.Broker;
using Serverless.Local.Broker.Journal;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Tests.Broker;

/// <summary>The journal is written anew when it is mostly history, and nothing that lives is lost by it.</summary>
public sealed class CompactionTests
{
    private const int Small = 4_096;

    [Fact]
    public void CompletedMessagesShrinkTheFileAndNothingLiveIsLost()
    {
        using var host = new CoreHost(options => (options.CompactBytes, options.DuplicateWindow) = (Small, TimeSpan.Zero));
        FillWithEveryKind(host);
        var live = host.Contents;

        for (var i = 0; i < 1_000; i++)
        {
            host.Send($"done-{i}", new string('x', 200));
            var entry = host.Take()!;
            Assert.True(host.With((queue, now) => queue.Complete(entry.LockToken, now)));
        }

        Assert.InRange(new FileInfo(host.JournalFile).Length, 1, 4 * Small);
        Assert.Equal(live, host.Contents);
        using var recovered = host.AfterDeath();
        Assert.Equal(Unlocked(live), recovered.Contents);
        Assert.Equal(1_006, recovered.Send("next"));
    }

    [Fact]
    public void IdsThatWereSeenAreKnownAfterIt()
    {
        using var host = new CoreHost(options => options.CompactBytes = Small);
        host.Send("known");
        Complete(host);
        var first = host.JournalFile;
        for (var i = 0; host.JournalFile == first; i++)
        {
            host.Send($"done-{i}", new string('x', 500));
            Complete(host);
        }

        host.Restart();

        Assert.Equal(0, host.Send("known"));
        host.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.NotEqual(0, host.Send("known"));
    }

    [Fact]
    public void DeathBeforeTheNewFileHasItsNameLeavesTheOldOne()
    {
        using var host = new CoreHost();
        FillWithEveryKind(host);
        using var untouched = host.AfterDeath();
        var rewritten = Rewritten(host);

        for (var share = 0; share <= 4; share++)
        {
            using var died = host.AfterDeath(folder => File.WriteAllBytes(Path.Combine(folder, "journal-0000000002.log.tmp"), rewritten[..(rewritten.Length * share / 4)]));

            Assert.Equal(untouched.Contents, died.Contents);
            Assert.Equal("journal-0000000001.log", Path.GetFileName(died.JournalFile));
            Assert.Empty(Directory.GetFiles(died.Folder, "*.tmp"));
        }
    }

    [Fact]
    public void DeathBeforeTheOldFileIsDeletedLeavesTheNewOne()
    {
        using var host = new CoreHost();
        FillWithEveryKind(host);
        using var untouched = host.AfterDeath();
        var rewritten = Rewritten(host);

        using var died = host.AfterDeath(folder => File.WriteAllBytes(Path.Combine(folder, "journal-0000000002.log"), rewritten));

        Assert.Equal(untouched.Contents, died.Contents);
        Assert.Equal("journal-0000000002.log", Path.GetFileName(died.JournalFile));
        died.Send("new");
        var contents = died.Contents;
        died.Restart();
        Assert.Equal(contents, died.Contents);
    }

    [Fact]
    public void CompletedMessageIsLetGoBeforeItsLockOrItsLifeWouldHaveEnded()
    {
        using var host = new CoreHost();

        var message = SendAndComplete(host);
        GC.Collect();

        Assert.False(message.TryGetTarget(out _));
    }

    [Fact]
    public void ManyCompletedMessagesLeaveTheOthersInTheirPlaces()
    {
        using var host = new CoreHost(options => options.DuplicateWindow = TimeSpan.Zero);
        host.Send("brief", life: TimeSpan.FromMinutes(1));
        host.Send("lasting");
        host.Send("later", at: host.Now.AddMinutes(2));
        var held = (host.Take()!, host.Take()!);
        for (var i = 0; i < 3_000; i++)
        {
            host.Send($"done-{i}", life: TimeSpan.FromDays(1));
            Complete(host);
        }

        host.With((queue, now) => queue.Abandon(held.Item1.LockToken, now) && queue.Abandon(held.Item2.LockToken, now));
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("lasting", host.Take()!.Facts.Id);
        Assert.Null(host.Take());
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["lasting", "later"], new[] { host.Take()!.Facts.Id, host.Take()!.Facts.Id });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<byte[]> SendAndComplete(CoreHost host)
    {
        var bytes = new byte[1_000];
        host.Do(() => host.Core.Enqueue(CoreHost.Queue, [(bytes, new MessageFacts { Id = "m", TimeToLive = TimeSpan.FromDays(14), BareStart = 0 })]));
        Complete(host);
        return new(bytes);
    }

    private static void Complete(CoreHost host)
    {
        var entry = host.Take()!;
        Assert.True(host.With((queue, now) => queue.Complete(entry.LockToken, now)));
    }

    // Five that stay, none of which is at the head of the queue afterwards.
    private static void FillWithEveryKind(CoreHost host)
    {
        foreach (var id in new[] { "locked", "deferred", "buried", "modified" })
        {
            host.Send(id, life: TimeSpan.FromDays(1));
        }

        host.Send("scheduled", at: host.Now.AddDays(1));
        var (_, deferred, buried, modified) = (host.Take()!, host.Take()!, host.Take()!, host.Take()!);
        host.With((queue, now) => queue.Defer(deferred.LockToken, now));
        host.With((queue, now) => queue.DeadLetter(buried.LockToken, "BadInput", "It has no model.", now));
        host.With((queue, now) =>
        {
            queue.Modify(modified, Encoding.UTF8.GetBytes("changed"), modified.Facts);
            return queue.Defer(modified.LockToken, now);
        });
    }

    private static byte[] Rewritten(CoreHost host)
    {
        using var copy = host.AfterDeath();
        copy.Core.Dispose();
        var options = new BrokerOptions { DataFolder = copy.Folder };
        using var journal = new FileJournal(options);
        var state = new BrokerState(options, journal);
        foreach (var record in journal.Open())
        {
            state.Restore(record);
        }

        journal.Rewrite(state.Snapshot(host.Now));
        return File.ReadAllBytes(copy.JournalFile);
    }

    private static IEnumerable<string> Unlocked(string[] contents) =>
        contents.Select(line => line.Replace(" Locked ", " Ready ", StringComparison.Ordinal));
}
