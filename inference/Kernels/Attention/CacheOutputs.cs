using Serverless.Inference.Kernels.Interop;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>The cache as output: the same memory as the input, since a step writes a few rows of it in place.</summary>
internal static unsafe class CacheOutputs
{
    /// <summary>Checks that an output of the cache is bound to the memory of its input, and returns it.</summary>
    public static void* Bind(KernelContext context, int input, int output)
    {
        var cache = context.Input(input, 4);
        var memory = context.Output(output, cache[0], cache[1], cache[2], cache[3]);
        return memory == cache.Data
            ? memory
            : throw new OperatorInputException($"output {cache.Name} is other memory than the input; bind the same tensor to both.");
    }
}
