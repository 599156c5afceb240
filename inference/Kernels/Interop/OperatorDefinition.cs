namespace Serverless.Inference.Kernels.Interop;

/// <summary>ONNX's numbers for the element types that the operators take.</summary>
internal enum ElementType
{
    Float32 = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    BFloat16 = 16,
}

/// <summary>One input or output of an operator.</summary>
internal sealed record Slot(string Name, ElementType Type, bool Optional = false);

/// <summary>What ONNX Runtime needs to know of an operator, and how its kernels are made.</summary>
internal sealed record OperatorDefinition(
    string Name, Slot[] Inputs, Slot[] Outputs, Func<KernelAttributes, OperatorKernel> CreateKernel);

/// <summary>The attributes of the node that a kernel is made for.</summary>
internal readonly struct KernelAttributes(nint info)
{
    public float Float(string name) => OrtApi.FloatAttribute(info, name);

    /// <exception cref="OperatorInputException">The attribute lies outside its limits.</exception>
    public int Integer(string name, int least, int most)
    {
        var value = OrtApi.IntegerAttribute(info, name);
        return value >= least && value <= most
            ? (int)value
            : throw new OperatorInputException($"attribute {name} is {value}; it must be {least} to {most}.");
    }
}
