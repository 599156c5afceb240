using Serverless.Bench.Stack;
using Serverless.GpuWorker.Models;
using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;

namespace Serverless.Bench.Engine;

/// <summary>The shipped model, imported for all benches once.</summary>
internal static class BenchModel
{
    public const string Name = "smollm2-135m-instruct";

    public static Task<ImportedModel> ImportAsync(CancellationToken cancellationToken) =>
        ModelCache.ImportAsync(ModelCatalog.FindFile(Name), DataFolder.Models, new ImportOptions(), progress: null, cancellationToken);

    public static InferenceEngine Load(ImportedModel model, EngineOptions options, Action<IReadOnlyList<SequenceOutput>> onStep) =>
        InferenceEngine.Load(model, options, onStep, TimeProvider.System).Engine;
}
