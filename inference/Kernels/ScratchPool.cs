using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels;

/// <summary>Native memory, 64-byte aligned and not cleared, that is lent for one run of an operator.</summary>
internal sealed class ScratchPool
{
    private readonly ConcurrentBag<Scratch> _idle = [];

    /// <summary>How many blocks lie idle.</summary>
    public int Idle => _idle.Count;

    /// <summary>Lends a block of at least <paramref name="bytes"/>; give it back with <see cref="Return"/>.</summary>
    public Scratch Rent(long bytes)
    {
        if (_idle.TryTake(out var scratch))
        {
            if (scratch.Bytes >= bytes)
            {
                return scratch;
            }

            scratch.Dispose();
        }

        return Scratch.Allocate(bytes);
    }

    public void Return(Scratch scratch) => _idle.Add(scratch);

    public void Clear()
    {
        while (_idle.TryTake(out var scratch))
        {
            scratch.Dispose();
        }
    }
}

/// <summary>One block of aligned native memory.</summary>
internal sealed unsafe class Scratch : SafeHandle
{
    private Scratch(nint memory, long bytes)
        : base(0, ownsHandle: true)
    {
        SetHandle(memory);
        Bytes = bytes;
    }

    public long Bytes { get; }

    public byte* Pointer => (byte*)handle;

    public override bool IsInvalid => handle == 0;

    public static Scratch Allocate(long bytes)
    {
        // A quarter more than asked for: contexts grow by one token a step.
        var rounded = (bytes + (bytes / 4) + 4095) & ~4095L;
        return new((nint)NativeMemory.AlignedAlloc((nuint)rounded, 64), rounded);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
