using Microsoft.Extensions.Options;
using Serverless.Core.Deployments;
using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;
using Serverless.Inference.Templates;

namespace Serverless.GpuWorker.Models;

/// <summary>Imports the model when that was not done yet, loads it and starts its engine.</summary>
internal sealed class ModelLoader(
    IOptions<WorkerOptions> worker,
    IOptions<EngineOptions> engine,
    TimeProvider clock,
    IProgress<ImportProgress>? progress = null)
{
    public async Task<ServedModel> LoadAsync(Action<IReadOnlyList<SequenceOutput>> onStep, CancellationToken cancellationToken)
    {
        var options = worker.Value;
        var file = options.ModelFile ?? ModelCatalog.FindFile(options.Deployment);
        var imported = await ModelCache.ImportAsync(file, options.ModelCache, new ImportOptions(), progress, cancellationToken);
        var template = imported.Config.ChatTemplate is { } source ? ChatTemplate.Parse(source) : null;
        var (running, tokenizer) = InferenceEngine.Load(imported, engine.Value, onStep, clock);
        return new ServedModel(
            new Deployment
            {
                Name = options.Deployment,
                ModelDigest = imported.Config.Digest,
                ContextLength = imported.Config.ContextLength,
                VocabularySize = imported.Config.Vocabulary,
                CreatedAt = File.GetLastWriteTimeUtc(file),
            },
            imported.Config,
            tokenizer,
            template,
            running);
    }
}
