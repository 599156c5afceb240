using System.Buffers.Binary;
using System.Text;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Tests.Broker;

/// <summary>Whatever a crash leaves at the end of the journal, every whole record counts and the broker goes on.</summary>
public sealed class JournalEndTests
{
    /// <summary>One last change of each kind of record.</summary>
    public static TheoryData<string> Changes { get; } =
        ["sent", "sent with a life", "delivered", "released", "completed", "cancelled", "deferred", "modified", "activated"];

    public static TheoryData<string> Garbage { get; } =
        ["zeros", "ones", "noise", "a length without end", "a negative length", "a record of a wrong checksum", "text"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void TornLastRecordIsAsIfItHadNotBeen(string change)
    {
        using var host = Filled();
        var entry = host.Take()!;
        if (change == "activated")
        {
            // The queue learns of it at the next turn, when the other records are written.
            host.Time.Advance(TimeSpan.FromSeconds(59));
        }

        var before = (int)new FileInfo(host.JournalFile).Length;
        Apply(change, host, entry);
        var whole = File.ReadAllBytes(host.JournalFile);
        Assert.True(whole.Length > before);
        using var untouched = host.AfterDeath(folder => Cut(folder, before));

        for (var length = before; length < whole.Length; length++)
        {
            using var torn = host.AfterDeath(folder => Cut(folder, length));

            Assert.Equal(length - before, torn.Core.TornBytes);
            Assert.Equal(untouched.Contents, torn.Contents);
            GoesOn(torn);
        }

        using var complete = host.AfterDeath();
        Assert.Equal(0, complete.Core.TornBytes);

        // A scheduled message whose time has come is activated by any start, so that the record makes no difference then.
        Assert.Equal(change == "activated", untouched.Contents.SequenceEqual(complete.Contents));
    }

    [Fact]
    public void TornBurialLosesNoMessage()
    {
        using var host = Filled();
        var entry = host.Take()!;
        var before = (int)new FileInfo(host.JournalFile).Length;
        host.With((queue, now) => queue.DeadLetter(entry.LockToken, "BadInput", "It has no model.", now));
        var whole = new FileInfo(host.JournalFile).Length;

        for (var length = before; length < whole; length++)
        {
            using var torn = host.AfterDeath(folder => Cut(folder, length));

            Assert.Contains(torn.Contents, line => line.Contains(" a a ", StringComparison.Ordinal));
            GoesOn(torn);
        }
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public void GarbageAtTheEndIsCutOff(string garbage)
    {
        using var host = Filled();
        var bytes = Make(garbage, host);
        using var untouched = host.AfterDeath();

        using var damaged = host.AfterDeath(folder =>
        {
            using var journal = new FileStream(Directory.GetFiles(folder, "journal-*.log").Single(), FileMode.Append);
            journal.Write(bytes);
        });

        Assert.Equal(bytes.Length, damaged.Core.TornBytes);
        Assert.Equal(untouched.Contents, damaged.Contents);
        GoesOn(damaged);
    }

    [Fact]
    public void EmptyJournalIsAnEmptyBroker()
    {
        using var host = Filled();

        using var emptied = host.AfterDeath(folder => Cut(folder, 0));

        Assert.Empty(emptied.Contents);
        GoesOn(emptied);
    }

    [Fact]
    public void MessageLargerThanTheLimitOfTodayIsStillRead()
    {
        using var host = new CoreHost(options => options.MaxMessageBytes = 16 * 1_024 * 1_024);
        host.Send("large", new string('x', 9_000_000));
        host.Send("next");

        host.Restart(options => options.MaxMessageBytes = 1_024);

        Assert.Equal(0, host.Core.TornBytes);
        Assert.Equal((9_000_000, "next"), (host.Take()!.Encoded.Length, host.Take()!.Facts.Id));
    }

    private static CoreHost Filled()
    {
        var host = new CoreHost();
        host.Send("a");
        host.Send("b");
        host.Send("later", at: host.Now.AddMinutes(1));
        return host;
    }

    private static void Apply(string change, CoreHost host, Entry entry)
    {
        switch (change)
        {
            case "sent":
                host.Send("c");
                break;
            case "sent with a life":
                host.Send("c", "grün", host.Now.AddHours(1), TimeSpan.FromDays(1));
                break;
            case "delivered":
                host.Take();
                break;
            case "released":
                Assert.True(host.With((queue, now) => queue.Release(entry.LockToken, now)));
                break;
            case "completed":
                Assert.True(host.With((queue, now) => queue.Complete(entry.LockToken, now)));
                break;
            case "cancelled":
                Assert.True(host.With((queue, _) => queue.CancelScheduled(3)));
                break;
            case "deferred":
                Assert.True(host.With((queue, now) => queue.Defer(entry.LockToken, now)));
                break;
            case "modified":
                host.With((queue, _) =>
                {
                    queue.Modify(entry, Encoding.UTF8.GetBytes("changed"), entry.Facts with { BareStart = 2 });
                    return true;
                });
                break;
            default:
                host.Time.Advance(TimeSpan.FromSeconds(1));
                break;
        }
    }

    private static byte[] Make(string garbage, CoreHost host)
    {
        var bytes = new byte[5_000];
        switch (garbage)
        {
            case "ones":
                Array.Fill(bytes, byte.MaxValue);
                break;
            case "noise":
                new Random(7).NextBytes(bytes);
                break;
            case "a length without end":
                BinaryPrimitives.WriteInt32LittleEndian(bytes, int.MaxValue);
                break;
            case "a negative length":
                BinaryPrimitives.WriteInt32LittleEndian(bytes, int.MinValue);
                break;
            case "a record of a wrong checksum":
                bytes = File.ReadAllBytes(host.JournalFile);
                bytes[4] ^= 1;
                break;
            case "text":
                bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Not a journal.\n", 100_000)));
                break;
            default:
                break;
        }

        return bytes;
    }

    private static void GoesOn(CoreHost host)
    {
        Assert.NotEqual(0, host.Send("new"));
        var contents = host.Contents;
        host.Restart();
        Assert.Equal(0, host.Core.TornBytes);
        Assert.Equal(contents, host.Contents);
    }

    private static void Cut(string folder, int length)
    {
        using var journal = new FileStream(Directory.GetFiles(folder, "journal-*.log").Single(), FileMode.Open);
        journal.SetLength(length);
    }
}
