using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Serverless.Local.Redis;
using Serverless.Local.Tests.EndToEnd.Running;
using StackExchange.Redis;

namespace Serverless.Local.Tests.Redis;

public sealed partial class DamagedLogTests : IDisposable
{
    private const int Keys = 200;
    private readonly string _folder = Directory.CreateTempSubdirectory("redis-").FullName;
    private int _openings;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Cuts => ["0.02", "0.1", "0.5", "0.9", "0.99"];

    [Fact]
    public async Task AnIntactLogIsReadWholeAndNothingIsSaid()
    {
        await FillAsync();

        Assert.Equal((Keys, ""), await ReopenAsync());
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task ALogThatEndsTooSoonKeepsWhatIsReadable(string fraction)
    {
        await FillAsync();
        Damage(log => log.SetLength((long)(log.Length * double.Parse(fraction, System.Globalization.CultureInfo.InvariantCulture))));

        await AssertPartIsKeptAsync();
    }

    // In a process of its own, because what a replay does to garbage can end it.
    [Theory]
    [InlineData(64)]
    [InlineData(5000)]
    public async Task GarbageInTheMiddleKeepsNoStartAfterTheNextFromComingUp(int bytes)
    {
        await FillAsync();
        Damage(log => Overwrite(log, log.Length / 2, Garbage(bytes)));
        var data = Directory.CreateDirectory(Path.Combine(_folder, "whole")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(data, "redis"), _folder);

        var first = await StartAsync(data);
        var second = first ?? await StartAsync(data);

        Assert.NotNull(second);
        Assert.Contains("jobs and results are not", second, StringComparison.Ordinal);
        // Whatever was kept or lost, the values that are there are whole, and the next start has no more to say.
        Assert.Equal("", (await ReopenAsync()).Said);
    }

    [Fact]
    public async Task GarbageBehindTheEndCostsNothing()
    {
        await FillAsync();
        Damage(log => Overwrite(log, log.Length, Garbage(5000)));

        var (read, said) = await ReopenAsync();

        Assert.Equal(Keys, read);
        Assert.Contains("bytes behind are damaged", said, StringComparison.Ordinal);
        Assert.Equal((Keys, ""), await ReopenAsync());
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("missing")]
    [InlineData("random")]
    [InlineData("zero at the start")]
    public async Task ALogOfWhichNothingCanBeReadIsMovedAside(string damage)
    {
        await FillAsync();
        if (damage == "missing")
        {
            File.Delete(LogFile);
        }
        else
        {
            Damage(log =>
            {
                switch (damage)
                {
                    case "empty":
                        log.SetLength(0);
                        break;
                    case "random":
                        Overwrite(log, 0, Garbage((int)log.Length));
                        break;
                    default:
                        Overwrite(log, 0, new byte[400]);
                        break;
                }
            });
        }

        var (read, said) = await ReopenAsync();

        Assert.Equal(0, read);
        Assert.Contains("jobs and results are not", said, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(_folder, "unreadable-1")));
        Assert.Equal((0, ""), await ReopenAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(512)]
    public async Task ADamagedNoteOfTheLastCommitCostsNothing(int bytes)
    {
        await FillAsync();
        foreach (var note in Directory.GetFiles(Path.Combine(_folder, "data", "AOF", "log-commits")))
        {
            await File.WriteAllBytesAsync(note, Garbage(bytes), TestContext.Current.CancellationToken);
        }

        Assert.Equal((Keys, ""), await ReopenAsync());
    }

    private string LogFile => Path.Combine(_folder, "data", "AOF", "aof.log.0");

    private static byte[] Garbage(int bytes)
    {
        var garbage = new byte[bytes];
        new Random(5).NextBytes(garbage);
        return garbage;
    }

    private static void Overwrite(FileStream log, long at, byte[] bytes)
    {
        log.Position = at;
        log.Write(bytes);
    }

    private void Damage(Action<FileStream> damage)
    {
        using var log = new FileStream(LogFile, FileMode.Open, FileAccess.ReadWrite);
        damage(log);
    }

    /// <returns>What the process said of the damage once it was up, or null when it died.</returns>
    private static async Task<string?> StartAsync(string data)
    {
        var announced = Path.Combine(data, "run", "redis");
        await using var process = ServerProcess.Start(Repository.Executable("Serverless.Local", "serverless"), ["--roles", "redis", "--data", data], new Dictionary<string, string>());
        var exit = process.ExitAsync(TestContext.Current.CancellationToken);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!File.Exists(announced))
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            if (exit.IsCompleted)
            {
                return null;
            }
        }

        await process.LineAsync(Damaged(), TestContext.Current.CancellationToken);
        return process.Log;
    }

    [GeneratedRegex("jobs and results are not")]
    private static partial Regex Damaged();

    private async Task AssertPartIsKeptAsync()
    {
        var (read, said) = await ReopenAsync();

        Assert.InRange(read, 0, Keys - 1);
        Assert.Contains("jobs and results are not", said, StringComparison.Ordinal);
        // What was kept stays, what was lost stays lost, and what was written since is there.
        Assert.Equal((read, ""), await ReopenAsync());
        Assert.Equal((read, ""), await ReopenAsync());
    }

    private async Task FillAsync()
    {
        await using var server = EmbeddedRedis.Start(Options);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        for (var i = 0; i < Keys; i++)
        {
            // Each as the product writes: in a script, strings and lists, with a time to live.
            await client.GetDatabase().ScriptEvaluateAsync(
                "redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000) redis.call('RPUSH', KEYS[2], ARGV[1]) redis.call('PEXPIRE', KEYS[2], 3600000)",
                [$"{{{i}}}", $"{{{i}}}:list"],
                [Value(i)]);
            if (i % 20 == 0)
            {
                await client.GetDatabase().ExecuteAsync("COMMITAOF");
            }
        }
    }

    // Counts the keys that are there with the right value, and writes one that the next opening must find.
    private async Task<(int Read, string Said)> ReopenAsync()
    {
        var log = new Warnings();
        await using var server = EmbeddedRedis.Start(Options, log);
        await using var client = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        var database = client.GetDatabase();
        var read = 0;
        for (var i = 0; i < Keys; i++)
        {
            var (value, list) = (await database.StringGetAsync($"{{{i}}}"), await database.ListRangeAsync($"{{{i}}}:list"));
            if (!value.IsNull && list.Length > 0)
            {
                Assert.Equal((Value(i), Value(i)), ((string?)value, (string?)Assert.Single(list)));
                read++;
            }
        }

        var openings = (int)await database.StringGetAsync("openings");
        Assert.Equal(_openings, openings);
        await database.StringSetAsync("openings", ++_openings);
        return (read, log.Text);
    }

    private EmbeddedRedisOptions Options => new() { Folder = _folder, MemoryMegabytes = 16 };

    private static string Value(int i) => $"value {i} {new string('.', 50 + i)}";

    private sealed class Warnings : ILogger
    {
        public string Text { get; private set; } = "";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Text += formatter(state, exception);
            }
        }
    }
}
