using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels.Interop;

/// <summary>ONNX Runtime's table of functions for one operator, in the order of onnxruntime_c_api.h; null means the default.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OrtCustomOp
{
    public uint Version;
    public nint CreateKernel;
    public nint GetName;
    public nint GetExecutionProviderType;
    public nint GetInputType;
    public nint GetInputTypeCount;
    public nint GetOutputType;
    public nint GetOutputTypeCount;
    public nint KernelCompute;
    public nint KernelDestroy;
    public nint GetInputCharacteristic;
    public nint GetOutputCharacteristic;
    public nint GetInputMemoryType;
    public nint GetVariadicInputMinArity;
    public nint GetVariadicInputHomogeneity;
    public nint GetVariadicOutputMinArity;
    public nint GetVariadicOutputHomogeneity;
    public nint CreateKernelV2;
    public nint KernelComputeV2;
    public nint InferOutputShape;
    public nint GetStartVersion;
    public nint GetEndVersion;
    public nint GetMayInplace;
    public nint ReleaseMayInplace;
    public nint GetAliasMap;
    public nint ReleaseAliasMap;

    // ONNX Runtime hands the table back to each function and looks no further than the fields above.

    /// <summary>A GCHandle to the <see cref="OperatorDefinition"/>.</summary>
    public nint Definition;

    /// <summary>The operator's name, UTF-8 with a final zero.</summary>
    public nint Name;
}
