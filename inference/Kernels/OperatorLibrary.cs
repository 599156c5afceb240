using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels.Attention;
using Serverless.Inference.Kernels.Int8;
using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Kernels.Rows;

namespace Serverless.Inference.Kernels;

/// <summary>The custom operators of the CPU graph, in the ONNX domain <see cref="Domain"/>.</summary>
public static class OperatorLibrary
{
    /// <summary>The ONNX operator domain, version 1.</summary>
    public const string Domain = "serverless";

    // A session keeps raw pointers to its operators, so a domain lives as long as the process; there is one for each
    // way to run, not one for each session.
    private static readonly ConcurrentDictionary<(InstructionSet Set, int Threads), Lazy<OperatorDomain>> Domains = new();

    /// <summary>Adds the operators to a session's options; set <see cref="SessionOptions.IntraOpNumThreads"/> before.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks the instruction set asked for.</exception>
    public static void Register(SessionOptions options, InstructionSet instructions = InstructionSet.Auto)
    {
        ArgumentNullException.ThrowIfNull(options);
        var threads = options.IntraOpNumThreads > 0 ? options.IntraOpNumThreads : Environment.ProcessorCount;
        var key = (Processor.Choose(instructions), threads);
        var domain = Domains.GetOrAdd(key, static key => new(() => OperatorDomain.Create(Domain, Operators(new(key.Set, key.Threads)))));
        domain.Value.AddTo(options);
    }

    private static OperatorDefinition[] Operators(KernelEnvironment environment) =>
    [
        Int8LinearKernel.Define(environment),
        NormQuantizeKernel.Define(environment),
        SwiGluQuantizeKernel.Define(environment),
        PagedAttentionKernel.Define(environment),
        PagedAttentionFloatKernel.Define(environment),
    ];
}
