using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Inference.Onnx;
using Serverless.Inference.Scheduling;

namespace Serverless.Inference.Execution;

/// <summary>Keys and values of every layer, allocated once; each layer's output is bound to the memory of its input.</summary>
internal sealed class PagedCache : IDisposable
{
    private const string KeyPrefix = "past_key_values.";
    private readonly List<NativeBuffer> _buffers = [];
    private readonly List<OrtValue> _values = [];

    private PagedCache(int blocks) => Blocks = blocks;

    public int Blocks { get; }

    /// <summary>Makes as many blocks as fit into <paramref name="bytes"/> and binds them.</summary>
    /// <exception cref="ModelException">The model has no paged cache, or not one block of it fits into the memory.</exception>
    public static PagedCache Allocate(InferenceSession session, OrtIoBinding binding, ModelConfig model, long bytes)
    {
        var inputs = session.InputMetadata.Where(input => input.Key.StartsWith(KeyPrefix, StringComparison.Ordinal)).ToList();
        if (inputs.Count == 0)
        {
            throw new ModelException($"The model has no inputs '{KeyPrefix}N.key'; import it again.");
        }

        var blockBytes = inputs.Sum(input => BytesOfBlock(input.Value, model));
        var blocks = (int)Math.Min(bytes / blockBytes, int.MaxValue / inputs.Max(input => BytesOfBlock(input.Value, model)));
        if (blocks < 1)
        {
            throw new ModelException($"One block of the key/value cache needs {blockBytes} bytes and CacheBytes is {bytes}; raise it.");
        }

        var cache = new PagedCache(blocks);
        foreach (var (name, metadata) in inputs)
        {
            cache.Add(binding, name, metadata, model);
        }

        return cache;
    }

    public void Dispose()
    {
        _values.ForEach(value => value.Dispose());
        _buffers.ForEach(buffer => buffer.Dispose());
        _values.Clear();
        _buffers.Clear();
    }

    private static long BytesOfBlock(NodeMetadata input, ModelConfig model) =>
        BlockPool.BlockSize * (long)model.KvHeads * model.HeadSize
        * (input.ElementDataType == TensorElementType.Float ? sizeof(float) : sizeof(ushort));

    private void Add(OrtIoBinding binding, string name, NodeMetadata metadata, ModelConfig model)
    {
        var bytes = checked((int)(Blocks * BytesOfBlock(metadata, model)));
        var buffer = new NativeBuffer(bytes);
        _buffers.Add(buffer);
        long[] shape = [Blocks, BlockPool.BlockSize, model.KvHeads, model.HeadSize];
        var value = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, metadata.ElementDataType, shape, buffer.Address, bytes);
        _values.Add(value);
        binding.BindInput(name, value);
        binding.BindOutput($"present.{name[KeyPrefix.Length..]}", value);
    }
}
