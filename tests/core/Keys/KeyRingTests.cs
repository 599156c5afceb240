using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Serverless.Core.HotState;
using Serverless.Core.Jobs;
using Serverless.Core.Keys;
using Serverless.Core.Store;
using Serverless.Local.Redis;
using StackExchange.Redis;

namespace Serverless.Core.Tests.Keys;

public sealed class KeyRingTests : IAsyncLifetime
{
    private const string Unknown = "sk-nobody-ever-made-this";

    private readonly string _folder = Directory.CreateTempSubdirectory("keys-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly List<Process> _processes = [];
    private EmbeddedRedis? _redis;

    public ValueTask InitializeAsync()
    {
        _redis = EmbeddedRedis.Start(new() { Folder = Path.Combine(_folder, "redis"), MemoryMegabytes = 64, IsDurable = false });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        await StopRedisAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task AKeyIsRememberedForThirtySecondsAndReadAgainAfterThem()
    {
        var process = await StartListeningAsync();
        var (record, key) = await process.Keys.CreateAsync("tenant", "name", admin: false, Now);
        await process.Keys.FindAsync(key, Now);
        // Nothing tells of this: only a process that looks again can see it.
        var silently = record with { Name = "renamed" };
        await ReplaceInRedisAsync(silently);

        _clock.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Equal(record, await process.Keys.FindAsync(key, Now));
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(silently, await process.Keys.FindAsync(key, Now));
        Assert.Equal(0, process.Store.Reads);
    }

    [Fact]
    public async Task WithoutRedisAKeyIsFoundInTheStoreAndRememberedForFiveSeconds()
    {
        await StopRedisAsync();
        var process = Start();
        var (record, key) = await process.Keys.CreateAsync("tenant", null, admin: true, Now);

        Assert.Equal(record, await process.Keys.FindAsync(key, Now));
        var read = process.Store.Reads;
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(record, await process.Keys.FindAsync(key, Now));
        Assert.Equal(read, process.Store.Reads);

        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(record, await process.Keys.FindAsync(key, Now));
        Assert.Equal(read + 1, process.Store.Reads);
    }

    [Fact]
    public async Task ARedisThatGoesAwayTakesNoKeyWithIt()
    {
        var process = await StartListeningAsync();
        var (record, key) = await process.Keys.CreateAsync("tenant", null, admin: false, Now);
        await StopRedisAsync();
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(record, await process.Keys.FindAsync(key, Now));
        Assert.Equal(record, await Start().Keys.FindAsync(key, Now));
    }

    [Fact]
    public async Task ARevokedKeyIsRefusedAtOnceInEveryProcess()
    {
        var (here, there) = (await StartListeningAsync(), await StartListeningAsync());
        var (record, key) = await here.Keys.CreateAsync("tenant", null, admin: false, Now);
        Assert.NotNull(await there.Keys.FindAsync(key, Now));

        Assert.NotNull((await here.Keys.RevokeAsync(record.Id, Now))!.RevokedAt);

        Assert.Null(await here.Keys.FindAsync(key, Now));
        await UntilAsync(async () => await there.Keys.FindAsync(key, Now) is null);
    }

    [Fact]
    public async Task ARevocationThatNobodyCouldTellOfIsSeenAfterFiveSeconds()
    {
        await StopRedisAsync();
        var (here, there) = (Start(), Start());
        var (record, key) = await here.Keys.CreateAsync("tenant", null, admin: false, Now);
        Assert.NotNull(await there.Keys.FindAsync(key, Now));

        await here.Keys.RevokeAsync(record.Id, Now);
        Assert.Null(await here.Keys.FindAsync(key, Now));
        _clock.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Null(await there.Keys.FindAsync(key, Now));
    }

    [Fact]
    public async Task ARevokedKeyStaysRevokedWhateverIsDoneToIt()
    {
        var process = await StartListeningAsync();
        var (record, key) = await process.Keys.CreateAsync("tenant", null, admin: false, Now);
        var revoked = await process.Keys.RevokeAsync(record.Id, Now);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(revoked, await process.Keys.RevokeAsync(record.Id, Now));
        Assert.Equal(revoked, await process.Keys.EnsureAsync(key, "tenant", null, admin: true, Now));
        Assert.Null(await process.Keys.FindAsync(key, Now));
        Assert.Null(await (await StartListeningAsync()).Keys.FindAsync(key, Now));
    }

    [Fact]
    public async Task AnUnknownKeyIsAskedForOnceInFiveSeconds()
    {
        var process = await StartListeningAsync();
        Assert.Null(await process.Keys.FindAsync(Unknown, Now));
        var read = process.Store.Reads;
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Null(await process.Keys.FindAsync(Unknown, Now));
        Assert.Equal(read, process.Store.Reads);

        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Null(await process.Keys.FindAsync(Unknown, Now));
        Assert.Equal(read + 1, process.Store.Reads);
    }

    [Fact]
    public async Task AKeyThatIsMadeAfterItWasRefusedWorksAtOnce()
    {
        var process = await StartListeningAsync();
        Assert.Null(await process.Keys.FindAsync(Unknown, Now));
        await process.Keys.EnsureAsync(Unknown, "tenant", null, admin: false, Now);
        Assert.NotNull(await process.Keys.FindAsync(Unknown, Now));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("sk-with space-in-it")]
    [InlineData("sk-line\nbreak-in-it")]
    [InlineData("sk-\u00e9t\u00e9-is-no-ascii")]
    public async Task AMalformedKeyIsRefusedWithoutALookUp(string key)
    {
        var process = await StartListeningAsync();
        Assert.Null(await process.Keys.FindAsync(key, Now));
        Assert.Equal(0, process.Store.Reads);
        await Assert.ThrowsAsync<ArgumentException>(() => process.Keys.EnsureAsync(key, "tenant", null, admin: false, Now));
    }

    [Fact]
    public async Task OfManyProcessesThatEnsureOneKeyAllHaveTheSameRecord()
    {
        var processes = Enumerable.Range(0, 4).Select(_ => Start()).ToArray();
        var records = await Task.WhenAll(processes.Select(process => Task.Run(() => process.Keys.EnsureAsync(Unknown, "tenant", null, admin: true, Now))));
        Assert.Single(records.Distinct());
        Assert.Equal(records[0], Assert.Single(await processes[0].Keys.ListAsync("tenant", Now).ToListAsync(Now)));
    }

    [Theory]
    [InlineData("key_")]
    [InlineData("key_../../../etc/passwd")]
    [InlineData("key_0123456789abcdef0123456g")]
    [InlineData("key_0123456789ABCDEF01234567")]
    public async Task AnIdOfNoKeyRevokesNothing(string id)
    {
        var process = Start();
        Assert.Null(await process.Keys.RevokeAsync(id, Now));
        Assert.Equal(0, process.Store.Reads);
    }

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private Process Start()
    {
        var process = new Process(_folder, _redis?.ConnectionString ?? "127.0.0.1:1", _clock);
        _processes.Add(process);
        return process;
    }

    /// <summary>A process that is told of changes made elsewhere.</summary>
    private async Task<Process> StartListeningAsync()
    {
        var process = Start();
        // The first look-up makes it listen.
        await process.Keys.FindAsync("sk-only-to-make-it-listen", Now);
        await UntilAsync(() => process.Changes.IsLive);
        process.Store.Reads = 0;
        return process;
    }

    private async Task ReplaceInRedisAsync(KeyRecord record)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(_redis!.ConnectionString);
        Assert.True(await connection.GetDatabase().StringSetAsync($"key:{{{record.Hash}}}", JsonSerializer.SerializeToUtf8Bytes(record, JobJson.Default.KeyRecord)));
    }

    private async Task StopRedisAsync()
    {
        if (_redis is { } redis)
        {
            _redis = null;
            await redis.DisposeAsync();
        }
    }

    private static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Now);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await isSo())
        {
            await pace.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>What one process has: its own memory and connection, on the shared store.</summary>
    private sealed class Process : IAsyncDisposable
    {
        private readonly RedisConnection _connection;

        public Process(string folder, string redis, TimeProvider clock)
        {
            _connection = new(Options.Create(new HotStateOptions { ConnectionString = redis, Timeout = TimeSpan.FromSeconds(20), ConnectTimeout = TimeSpan.FromSeconds(1) }));
            Changes = new(_connection, clock, NullLogger<KeyChanges>.Instance);
            Store = new(new FileBlobStore(Path.Combine(folder, "store"), flushToDisk: false, clock));
            Keys = new KeyRing(Store, Changes, clock);
        }

        public KeyChanges Changes { get; }

        public CountingStore Store { get; }

        public KeyRing Keys { get; }

        public async ValueTask DisposeAsync()
        {
            await Changes.DisposeAsync();
            await _connection.DisposeAsync();
        }
    }

    /// <summary>The real store, which counts what is read.</summary>
    private sealed class CountingStore(IBlobStore store) : IBlobStore
    {
        private int _reads;

        public int Reads
        {
            get => Volatile.Read(ref _reads);
            set => Volatile.Write(ref _reads, value);
        }

        public Task<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            return store.ReadAsync(path, cancellationToken);
        }

        public Task<bool> TryCreateAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => store.TryCreateAsync(path, content, cancellationToken);

        public Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => store.WriteAsync(path, content, cancellationToken);

        public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) => store.DeleteAsync(path, cancellationToken);

        public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);
    }
}
