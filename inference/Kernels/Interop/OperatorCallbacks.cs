using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels.Interop;

/// <summary>The functions that ONNX Runtime calls; no exception leaves any of them.</summary>
internal static unsafe class OperatorCallbacks
{
    /// <summary>Allocates an operator's function table, which is never freed.</summary>
    public static OrtCustomOp* CreateTable(OperatorDefinition definition)
    {
        var op = (OrtCustomOp*)NativeMemory.AllocZeroed((nuint)sizeof(OrtCustomOp));
        op->Version = OrtApi.Version;
        op->Definition = GCHandle.ToIntPtr(GCHandle.Alloc(definition));
        op->Name = Marshal.StringToCoTaskMemUTF8(definition.Name);
        op->GetName = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nint>)&GetName;
        op->GetExecutionProviderType = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nint>)&GetExecutionProviderType;
        op->GetInputTypeCount = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint>)&GetInputCount;
        op->GetInputType = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint, int>)&GetInputType;
        op->GetInputCharacteristic = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint, int>)&GetInputCharacteristic;
        op->GetInputMemoryType = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint, int>)&Zero;
        op->GetOutputTypeCount = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint>)&GetOutputCount;
        op->GetOutputType = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint, int>)&GetOutputType;
        op->GetOutputCharacteristic = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nuint, int>)&Zero;
        op->GetVariadicInputMinArity = op->GetVariadicOutputMinArity = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, int>)&One;
        op->GetVariadicInputHomogeneity = op->GetVariadicOutputHomogeneity = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, int>)&One;
        op->GetStartVersion = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, int>)&One;
        op->GetEndVersion = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, int>)&Greatest;
        op->CreateKernelV2 = (nint)(delegate* unmanaged[Cdecl]<OrtCustomOp*, nint, nint, nint*, nint>)&CreateKernel;
        op->KernelComputeV2 = (nint)(delegate* unmanaged[Cdecl]<nint, nint, nint>)&Compute;
        op->KernelDestroy = (nint)(delegate* unmanaged[Cdecl]<nint, void>)&Destroy;
        return op;
    }

    private static OperatorDefinition Definition(OrtCustomOp* op) => (OperatorDefinition)GCHandle.FromIntPtr(op->Definition).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint GetName(OrtCustomOp* op) => op->Name;

    // Null: the CPU.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint GetExecutionProviderType(OrtCustomOp* op) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetInputCount(OrtCustomOp* op) => (nuint)Definition(op).Inputs.Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetInputType(OrtCustomOp* op, nuint index) => (int)Definition(op).Inputs[(int)index].Type;

    // 0 is required, 1 is optional.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetInputCharacteristic(OrtCustomOp* op, nuint index) => Definition(op).Inputs[(int)index].Optional ? 1 : 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetOutputCount(OrtCustomOp* op) => (nuint)Definition(op).Outputs.Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetOutputType(OrtCustomOp* op, nuint index) => (int)Definition(op).Outputs[(int)index].Type;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Zero(OrtCustomOp* op, nuint index) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int One(OrtCustomOp* op) => 1;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Greatest(OrtCustomOp* op) => int.MaxValue;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint CreateKernel(OrtCustomOp* op, nint api, nint info, nint* kernel)
    {
        var definition = Definition(op);
        try
        {
            *kernel = GCHandle.ToIntPtr(GCHandle.Alloc(new NamedKernel(definition, definition.CreateKernel(new(info)))));
            return 0;
        }
        catch (Exception error)
        {
            return Failure(definition.Name, error);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Compute(nint kernel, nint context)
    {
        var (definition, operatorKernel) = (NamedKernel)GCHandle.FromIntPtr(kernel).Target!;
        try
        {
            operatorKernel.Compute(new(context, definition));
            return 0;
        }
        catch (Exception error)
        {
            return Failure(definition.Name, error);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(nint kernel)
    {
        var handle = GCHandle.FromIntPtr(kernel);
        ((NamedKernel)handle.Target!).Kernel.Dispose();
        handle.Free();
    }

    private static nint Failure(string name, Exception error) => error is OperatorInputException
        ? OrtApi.CreateStatus($"{name}: {error.Message}", invalidInput: true)
        : OrtApi.CreateStatus($"{name}: {error}", invalidInput: false);

    private sealed record NamedKernel(OperatorDefinition Definition, OperatorKernel Kernel);
}
