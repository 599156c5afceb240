using Microsoft.ML.OnnxRuntime;

namespace Serverless.Inference.Kernels.Interop;

/// <summary>A set of operators that sessions can be given.</summary>
internal sealed unsafe class OperatorDomain
{
    private readonly nint _handle;

    private OperatorDomain(nint handle) => _handle = handle;

    /// <summary>Makes the operators known to ONNX Runtime for the life of the process.</summary>
    public static OperatorDomain Create(string name, IEnumerable<OperatorDefinition> operators)
    {
        var domain = OrtApi.CreateCustomOpDomain(name);
        foreach (var definition in operators)
        {
            OrtApi.AddToDomain(domain, OperatorCallbacks.CreateTable(definition));
        }

        return new(domain);
    }

    public void AddTo(SessionOptions options)
    {
        var added = false;
        options.DangerousAddRef(ref added);
        try
        {
            OrtApi.AddDomain(options.DangerousGetHandle(), _handle);
        }
        finally
        {
            options.DangerousRelease();
        }
    }
}
