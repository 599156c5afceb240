using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

/// <summary>A value that goes into, or comes out of, a one-node model; an empty name leaves it out.</summary>
internal sealed record Port(string Name, OnnxType Type, int Rank)
{
    public static Port None { get; } = new("", OnnxType.Float, 0);
}

/// <summary>A session of one operator, so that tests go the whole way through ONNX Runtime.</summary>
internal sealed class OperatorSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string[] _inputs;
    private readonly string[] _outputs;

    public OperatorSession(string operation, Port[] inputs, Port[] outputs, InstructionSet set, params OnnxAttribute[] attributes)
    {
        var graph = new GraphBuilder();
        foreach (var port in inputs.Where(port => port.Rank > 0))
        {
            graph.Input(port.Name, port.Type, Dimensions(port));
        }

        graph.Node(operation, [.. inputs.Select(port => port.Name)], [.. outputs.Select(port => port.Name)], OperatorLibrary.Domain, attributes);
        foreach (var port in outputs)
        {
            graph.Output(port.Name, port.Type, Dimensions(port));
        }

        using var options = new SessionOptions { IntraOpNumThreads = 2, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        OperatorLibrary.Register(options, set);
        _session = new(graph.ToModel(), options);
        _inputs = [.. inputs.Where(port => port.Rank > 0).Select(port => port.Name)];
        _outputs = [.. outputs.Select(port => port.Name)];
    }

    /// <summary>The instruction sets that the processor at hand can be made to use.</summary>
    public static TheoryData<string> AllSets => [.. Processor.Available.Select(set => set.ToString())];

    public static OrtValue Tensor<T>(T[] values, params long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory(values, shape);

    public static OrtValue Empty(TensorElementType type, params long[] shape) =>
        OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);

    /// <summary>Runs with inputs that are disposed afterwards, and outputs that are made by the operator.</summary>
    public IDisposableReadOnlyCollection<OrtValue> Run(params OrtValue[] inputs)
    {
        using var options = new RunOptions();
        try
        {
            return _session.Run(options, _inputs, inputs, _outputs);
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Dispose();
            }
        }
    }

    /// <summary>Runs into outputs that the caller owns, like its inputs.</summary>
    public void Run(OrtValue[] inputs, OrtValue[] outputs)
    {
        using var options = new RunOptions();
        _session.Run(options, _inputs, inputs, _outputs, outputs);
    }

    public void Dispose() => _session.Dispose();

    private static OnnxDimension[] Dimensions(Port port) =>
        [.. Enumerable.Range(0, port.Rank).Select(i => (OnnxDimension)$"{port.Name}.{i}")];
}
