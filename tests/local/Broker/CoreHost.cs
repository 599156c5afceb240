using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Broker;
using Serverless.Local.Broker.State;

namespace Serverless.Local.Tests.Broker;

/// <summary>The broker's queues and journal without the network, at a time that the test sets; every call is over when it returns.</summary>
internal sealed class CoreHost : IDisposable
{
    public const string Queue = "requests";
    public const string DeadLetters = Queue + QueueName.DeadLetterSuffix;

    private readonly Action<BrokerOptions>? _configure;
    private Exception? _failure;

    public CoreHost(Action<BrokerOptions>? configure = null)
        : this(configure, new FakeTimeProvider(DateTimeOffset.UtcNow), Directory.CreateTempSubdirectory("broker-core-").FullName)
    {
    }

    private CoreHost(Action<BrokerOptions>? configure, FakeTimeProvider time, string folder)
    {
        (_configure, Time, Folder) = (configure, time, folder);
        Core = Open(configure);
    }

    public FakeTimeProvider Time { get; }

    public string Folder { get; }

    public BrokerCore Core { get; private set; }

    public DateTimeOffset Now => Time.GetUtcNow();

    public string JournalFile => Directory.GetFiles(Folder, "journal-*.log").Single();

    /// <summary>All messages of all queues, a line each, with what a restart must not lose.</summary>
    public string[] Contents =>
    [
        .. from queue in Core.State.Queues
           from entry in queue.Peek(0, int.MaxValue)
           orderby queue.Name, entry.Sequence
           select string.Create(CultureInfo.InvariantCulture, $"{queue.Name} {entry.Sequence} {entry.Facts.Id} {Text(entry)} {entry.State} {entry.Deliveries} {entry.EnqueuedAt:O} {entry.VisibleAt:O} {entry.Facts.TimeToLive} {entry.DeadLetterReason}"),
    ];

    public static string Text(Entry entry) => Encoding.UTF8.GetString(entry.Encoded);

    public long Send(string id, string? body = null, DateTimeOffset? at = null, TimeSpan? life = null) => Do(() => Core.Enqueue(
        Queue,
        [(Encoding.UTF8.GetBytes(body ?? id), new MessageFacts { Id = id, ScheduledAt = at, TimeToLive = life, BareStart = 0 })])[0]);

    public Entry? Take(string queue = Queue) => Do(() => Core.State.Queue(queue).Take(Now));

    /// <summary>Settles, renews or whatever else is done with a queue.</summary>
    public T With<T>(Func<QueueState, DateTimeOffset, T> act, string queue = Queue) => Do(() => act(Core.State.Queue(queue), Now));

    public T Do<T>(Func<T> command)
    {
        var (result, ran) = (default(T), false);
        Core.Loop.Post(() => (result, ran) = (command(), true));
        Assert.True(ran, $"The command did not run: {_failure}");
        Assert.Null(_failure);
        return result!;
    }

    /// <summary>Ends the broker in order and starts it on what it left.</summary>
    public void Restart(Action<BrokerOptions>? configure = null)
    {
        Core.Dispose();
        Core = Open(configure ?? _configure);
    }

    /// <summary>A broker on a copy of the files as they are now, as after the death of the process, with what else befell them.</summary>
    public CoreHost AfterDeath(Action<string>? befall = null)
    {
        var folder = Directory.CreateTempSubdirectory("broker-core-").FullName;
        foreach (var file in Directory.GetFiles(Folder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        befall?.Invoke(folder);
        return new CoreHost(_configure, Time, folder);
    }

    public void Dispose()
    {
        Core.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private BrokerCore Open(Action<BrokerOptions>? configure)
    {
        var options = new BrokerOptions { DataFolder = Folder };
        configure?.Invoke(options);
        return new BrokerCore(options, Time, error => _failure = error);
    }
}
