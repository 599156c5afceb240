using System.Text;
using Serverless.Core.Store;

namespace Serverless.Core.Tests.Store;

public sealed class FileBlobStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("store-").FullName;
    private readonly FileBlobStore _store;

    public FileBlobStoreTests() => _store = Open();

    [Fact]
    public async Task OfManyWhoCreateABlobOneWinsAndItsContentStays()
    {
        var stores = Enumerable.Range(0, 4).Select(_ => Open()).ToArray();
        var wins = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () =>
            (Won: await stores[i % 4].TryCreateAsync("jobs/a/result.json", Bytes($"writer {i}"), Now), Content: $"writer {i}"))));

        var winner = Assert.Single(wins, win => win.Won);
        Assert.Equal(winner.Content, Encoding.UTF8.GetString((await _store.ReadAsync("jobs/a/result.json", Now))!.Value.Span));
    }

    [Fact]
    public async Task ABlobIsReplacedListedAndDeleted()
    {
        await _store.WriteAsync("a/2", Bytes("old"), Now);
        await _store.WriteAsync("a/2", Bytes("new"), Now);
        await _store.WriteAsync("a/1", Bytes("x"), Now);
        await _store.WriteAsync("b/1", Bytes("x"), Now);

        Assert.Equal("new", Encoding.UTF8.GetString((await _store.ReadAsync("a/2", Now))!.Value.Span));
        Assert.Equal(["a/1", "a/2"], await _store.ListAsync("a/", Now).ToListAsync(Now));
        Assert.True(await _store.DeleteAsync("a/2", Now));
        Assert.False(await _store.DeleteAsync("a/2", Now));
        Assert.Null(await _store.ReadAsync("a/2", Now));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData(".tmp/x")]
    [InlineData("")]
    public async Task APathThatLeadsElsewhereIsRefused(string path)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => _store.WriteAsync(path, Bytes("x"), Now));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => _store.ReadAsync(path, Now));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private FileBlobStore Open() => new(_folder, flushToDisk: false, TimeProvider.System);
}
