using Serverless.Inference.Onnx;
using Serverless.Inference.Tests.Fixtures;

namespace Serverless.Inference.Tests.Onnx;

public sealed class ShippedModelTests
{
    [Fact]
    public async Task TheShippedModelImportsX()
    {
        var folder = Directory.CreateTempSubdirectory("import-").FullName;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var imported = await ModelCache.ImportAsync(FixtureFolder.ChatModel, folder, new(), null, TestContext.Current.CancellationToken);
        TestContext.Current.SendDiagnosticMessage($"import {clock.ElapsedMilliseconds} ms, peak {System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB {imported.Folder}");
        Assert.Equal(30, imported.Config.Layers);
    }
}
