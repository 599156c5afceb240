using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Onnx;

public sealed class ModelCacheTests : IDisposable
{
    private static readonly string _tiny = FixtureFolder.File(Path.Combine("tiny-models", "tiny-llama.bf16.gguf"));
    private readonly string _folder = Directory.CreateTempSubdirectory("import-").FullName;

    [Fact]
    public async Task TheSameFileGivesTheSameBytesWhateverTheThreads()
    {
        var one = await ImportAsync("one", threads: 1);
        var two = await ImportAsync("two", threads: 2);

        var files = Directory.GetFiles(one.Folder).Select(Path.GetFileName).Order().ToArray();
        Assert.Equal(files, Directory.GetFiles(two.Folder).Select(Path.GetFileName).Order());
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(one.Folder, file!)), File.ReadAllBytes(Path.Combine(two.Folder, file!))));
    }

    [Fact]
    public async Task ImportsAtOnceShareOneFolder()
    {
        var models = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => ImportAsync("shared"))));

        Assert.Single(models.Select(model => model.Folder).Distinct());
        Assert.Equal([models[0].Folder], Directory.GetDirectories(Path.Combine(_folder, "shared")));
    }

    [Fact]
    public async Task ACancelledImportLeavesNothingHalfMadeAndCanBeMadeAgain()
    {
        using var cancel = new CancellationTokenSource();
        var atHalf = new Sink(progress =>
        {
            if (progress.Fraction >= 0.5)
            {
                cancel.Cancel();
            }
        });
        var cache = Path.Combine(_folder, "cancelled");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelCache.ImportAsync(_tiny, cache, new(), atHalf, cancel.Token));

        Assert.Empty(Directory.GetDirectories(cache));
        Assert.True(File.Exists((await ImportAsync("cancelled")).ModelPath));
    }

    [Fact]
    public async Task WhatAKilledImportLeftIsReplaced()
    {
        var first = await ImportAsync("killed");
        Directory.Move(first.Folder, first.Folder + ".partial");
        File.Delete(Path.Combine(first.Folder + ".partial", ModelConfig.FileName));

        var second = await ImportAsync("killed");

        Assert.Equal(first.Config, second.Config with { EosTokens = first.Config.EosTokens });
        Assert.Equal([second.Folder], Directory.GetDirectories(Path.Combine(_folder, "killed")));
    }

    [Fact]
    public async Task ProgressOnlyRisesAndEndsAtOne()
    {
        var seen = new List<double>();
        await ModelCache.ImportAsync(_tiny, Path.Combine(_folder, "progress"), new(), new Sink(progress => seen.Add(progress.Fraction)), TestContext.Current.CancellationToken);

        Assert.Equal(seen.Order(), seen);
        Assert.Equal(1, seen[^1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(5_000)]
    public async Task ATruncatedFileIsRefusedByName(int length)
    {
        var path = Path.Combine(_folder, "truncated.gguf");
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(_tiny, TestContext.Current.CancellationToken))[..length], TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<ImportException>(() => ModelCache.ImportAsync(path, _folder, new(), null, TestContext.Current.CancellationToken));

        Assert.Contains("truncated.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingFileIsSaidToBeMissing()
    {
        var error = await Assert.ThrowsAsync<ImportException>(() => ModelCache.ImportAsync(Path.Combine(_folder, "none.gguf"), _folder, new(), null, TestContext.Current.CancellationToken));

        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<ImportedModel> ImportAsync(string cache, int threads = 2) =>
        ModelCache.ImportAsync(_tiny, Path.Combine(_folder, cache), new() { Threads = threads }, null, TestContext.Current.CancellationToken);

    private sealed class Sink(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}
