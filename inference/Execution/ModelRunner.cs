using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>A model in ONNX Runtime, with its key/value cache.</summary>
internal sealed class ModelRunner : IModelRunner
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _runOptions = new();
    private readonly PagedCache _cache;
    private readonly StepTensors _tensors;
    private readonly ModelLimits _limits;

    private ModelRunner(InferenceSession session, ModelConfig model, long cacheBytes)
    {
        _session = session;
        _binding = session.CreateIoBinding();
        _cache = PagedCache.Allocate(session, _binding, model, cacheBytes);
        _limits = new(model.Vocabulary, model.ContextLength, _cache.Blocks, model.EosTokens);
        _tensors = new(model.Vocabulary);
    }

    public ModelLimits Limits => _limits;

    /// <exception cref="ModelException">ONNX Runtime cannot load the graph, or the cache has no room for one block.</exception>
    public static ModelRunner Load(ImportedModel model, EngineOptions options)
    {
        options.ThrowIfInvalid();
        using var session = new SessionOptions
        {
            IntraOpNumThreads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        session.AddSessionConfigEntry("session.intra_op.allow_spinning", options.SpinMicroseconds > 0 ? "1" : "0");
        session.AddSessionConfigEntry("session.intra_op.spin_duration_us", options.SpinMicroseconds.ToString(CultureInfo.InvariantCulture));
        // Threads spin only while a step runs, so that an idle engine leaves the cores alone.
        session.AddSessionConfigEntry("session.force_spinning_stop", "1");
        // Weights that must be copied are copied once, outside the arena that is sized for a step.
        session.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
        OperatorLibrary.Register(session, options.InstructionSet);
        InferenceSession? loaded = null;
        try
        {
            loaded = new(model.ModelPath, session);
            return new(loaded, model.Config, options.CacheBytes);
        }
        catch (OnnxRuntimeException error)
        {
            loaded?.Dispose();
            throw new ModelException($"{model.ModelPath} could not be loaded: {error.Message}", error);
        }
        catch (ModelException)
        {
            loaded?.Dispose();
            throw;
        }
    }

    public Memory<float> Run(StepPlan plan)
    {
        _tensors.Bind(_binding, plan);
        try
        {
            _session.RunWithBinding(_runOptions, _binding);
        }
        catch (OnnxRuntimeException error)
        {
            throw new ModelException($"A step of {plan.Tokens} tokens in {plan.Slices.Count} sequences failed: {error.Message}", error);
        }

        return _tensors.Logits;
    }

    public void Dispose()
    {
        _binding.Dispose();
        _tensors.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
        _cache.Dispose();
    }
}
