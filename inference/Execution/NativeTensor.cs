using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Serverless.Inference.Execution;

/// <summary>A tensor whose memory is kept from step to step and grows when a step needs more.</summary>
internal sealed class NativeTensor<T>(TensorElementType type) : IDisposable
    where T : unmanaged
{
    private NativeBuffer? _buffer;
    private OrtValue? _value;
    private long[] _shape = [];

    /// <summary>The values of the current shape.</summary>
    public Span<T> Values => MemoryMarshal.Cast<byte, T>(_buffer!.Span)[..(int)Elements(_shape)];

    /// <summary>The same values, for use on other threads.</summary>
    public Memory<T> Memory => new Cast(_buffer!).Memory[..(int)Elements(_shape)];

    /// <summary>Gives the tensor this shape and the value to bind; earlier contents are lost.</summary>
    public OrtValue Reshape(params ReadOnlySpan<long> shape)
    {
        if (_value is not null && shape.SequenceEqual(_shape))
        {
            return _value;
        }

        _shape = shape.ToArray();
        var bytes = checked((int)(Elements(_shape) * Unsafe.SizeOf<T>()));
        if (_buffer is null || _buffer.Length < bytes)
        {
            Release();
            _buffer = new(Math.Max(bytes, 1_024));
        }

        _value?.Dispose();
        _value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, _shape, _buffer.Address, bytes);
        return _value;
    }

    public void Dispose() => Release();

    private static long Elements(ReadOnlySpan<long> shape)
    {
        var elements = 1L;
        foreach (var dimension in shape)
        {
            elements = checked(elements * dimension);
        }

        return elements;
    }

    private void Release()
    {
        _value?.Dispose();
        _value = null;
        _buffer?.Dispose();
        _buffer = null;
    }

    private sealed class Cast(NativeBuffer buffer) : MemoryManager<T>
    {
        public override Span<T> GetSpan() => MemoryMarshal.Cast<byte, T>(buffer.Span);

        public override unsafe MemoryHandle Pin(int elementIndex = 0) =>
            new((void*)(buffer.Address + (elementIndex * Unsafe.SizeOf<T>())), default, this);

        public override void Unpin()
        {
            // Native memory does not move.
        }

        protected override void Dispose(bool disposing)
        {
            // The buffer belongs to the tensor.
        }
    }
}
