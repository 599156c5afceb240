using Serverless.Core.Deployments;
using Serverless.Inference.Execution;
using Serverless.Inference.Onnx;
using Serverless.Inference.Templates;
using Serverless.Inference.Tokenization;

namespace Serverless.GpuWorker.Models;

/// <summary>A model that is loaded and running, with the text handling that belongs to it.</summary>
internal sealed record ServedModel(
    Deployment Deployment,
    ModelConfig Config,
    Tokenizer Tokenizer,
    ChatTemplate? Template,
    InferenceEngine Engine) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}
