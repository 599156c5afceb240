using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Inference.Execution;

/// <summary>Memory outside the collected heap, aligned for vectors; the native runtime may keep its address.</summary>
/// <remarks>
/// The memory is zero and is not backed by pages until it is first written, so a large cache that is little used costs little.
/// </remarks>
internal sealed class NativeBuffer : SafeHandleZeroOrMinusOneIsInvalid
{
    private const nint SmallAlignment = 64;
    private readonly nint _address;

    /// <param name="length">In bytes.</param>
    public unsafe NativeBuffer(int length)
        : base(ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Length = length;
        nint alignment = length < HugePages.Size ? SmallAlignment : HugePages.Size;
        SetHandle((nint)NativeMemory.AllocZeroed((nuint)length + (nuint)alignment));
        _address = (handle + alignment - 1) & ~(alignment - 1);
        HugePages.Advise(_address, length);
    }

    public int Length { get; }

    /// <summary>Where it begins; valid until it is disposed.</summary>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return _address;
        }
    }

    public unsafe Span<byte> Span => new((void*)Address, Length);

    protected override unsafe bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
