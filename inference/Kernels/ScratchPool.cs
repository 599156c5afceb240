using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels;

/// <summary>Native memory, 64-byte aligned and not cleared, that is lent for one run of an operator.</summary>
/// <remarks>The smallest block that is large enough is lent, so that a small need never takes the block of a large one.</remarks>
internal sealed class ScratchPool
{
    private readonly Lock _gate = new();
    private readonly List<Scratch> _idle = [];

    /// <summary>How many blocks lie idle.</summary>
    public int Idle
    {
        get
        {
            lock (_gate)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>Lends a block of at least <paramref name="bytes"/>; give it back with <see cref="Return"/>.</summary>
    public Scratch Rent(long bytes)
    {
        Scratch? tooSmall;
        lock (_gate)
        {
            if (Take(bytes) is { } scratch)
            {
                return scratch;
            }

            // It gives way to the new block, so that there are never more than were lent at once.
            tooSmall = Take(0);
        }

        tooSmall?.Dispose();
        return Scratch.Allocate(bytes);
    }

    public void Return(Scratch scratch)
    {
        lock (_gate)
        {
            _idle.Add(scratch);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _idle.ForEach(scratch => scratch.Dispose());
            _idle.Clear();
        }
    }

    private Scratch? Take(long bytes)
    {
        var best = -1;
        for (var i = 0; i < _idle.Count; i++)
        {
            if (_idle[i].Bytes >= bytes && (best < 0 || _idle[i].Bytes < _idle[best].Bytes))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return null;
        }

        var scratch = _idle[best];
        _idle.RemoveAt(best);
        return scratch;
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
