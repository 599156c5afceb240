using System.Runtime.InteropServices;

namespace Serverless.Inference.Kernels.Code;

/// <summary>Machine code in pages of its own, which are writable first and executable then, never both.</summary>
internal sealed unsafe partial class ExecutableMemory : SafeHandle
{
    private readonly nuint _bytes;

    private ExecutableMemory(nint address, nuint bytes)
        : base(0, ownsHandle: true)
    {
        SetHandle(address);
        _bytes = bytes;
    }

    public nint Address => handle;

    public override bool IsInvalid => handle == 0;

    /// <summary>Copies position-independent code into fresh pages and makes them executable.</summary>
    /// <exception cref="InvalidOperationException">The system refuses executable memory.</exception>
    public static ExecutableMemory Load(ReadOnlySpan<byte> code)
    {
        var page = (nuint)Environment.SystemPageSize;
        var bytes = ((nuint)code.Length + page - 1) / page * page;
        var address = OperatingSystem.IsWindows() ? Windows.Allocate(bytes) : Linux.Allocate(bytes);
        if (address == 0)
        {
            throw Refused("memory for assembled code");
        }

        var memory = new ExecutableMemory(address, bytes);
        code.CopyTo(new((void*)address, code.Length));
        if (!(OperatingSystem.IsWindows() ? Windows.Protect(address, bytes) : Linux.Protect(address, bytes)))
        {
            var error = Refused("executable pages");
            memory.Dispose();
            throw error;
        }

        return memory;
    }

    protected override bool ReleaseHandle() =>
        OperatingSystem.IsWindows() ? Windows.Free(handle) : Linux.Free(handle, _bytes);

    private static InvalidOperationException Refused(string what) => new(
        $"The system refuses {what} (error {Marshal.GetLastPInvokeError()}). Set the instruction set to {InstructionSet.Portable}, which assembles no code.");

    private static partial class Linux
    {
        private const int ReadWrite = 3;
        private const int ReadExecute = 5;
        private const int PrivateAnonymous = 0x22;

        public static nint Allocate(nuint bytes)
        {
            var address = mmap(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
            return address == -1 ? 0 : address;
        }

        public static bool Protect(nint address, nuint bytes) => mprotect(address, bytes, ReadExecute) == 0;

        public static bool Free(nint address, nuint bytes) => munmap(address, bytes) == 0;

        [LibraryImport("libc", SetLastError = true)]
        private static partial nint mmap(nint address, nuint bytes, int protection, int flags, int file, nint offset);

        [LibraryImport("libc", SetLastError = true)]
        private static partial int mprotect(nint address, nuint bytes, int protection);

        [LibraryImport("libc", SetLastError = true)]
        private static partial int munmap(nint address, nuint bytes);
    }

    private static partial class Windows
    {
        private const uint ReserveAndCommit = 0x3000;
        private const uint Release = 0x8000;
        private const uint ReadWrite = 0x04;
        private const uint ReadExecute = 0x20;

        public static nint Allocate(nuint bytes) => VirtualAlloc(0, bytes, ReserveAndCommit, ReadWrite);

        public static bool Protect(nint address, nuint bytes) => VirtualProtect(address, bytes, ReadExecute, out _) != 0;

        public static bool Free(nint address) => VirtualFree(address, 0, Release) != 0;

        [LibraryImport("kernel32", SetLastError = true)]
        private static partial nint VirtualAlloc(nint address, nuint bytes, uint kind, uint protection);

        [LibraryImport("kernel32", SetLastError = true)]
        private static partial int VirtualProtect(nint address, nuint bytes, uint protection, out uint before);

        [LibraryImport("kernel32", SetLastError = true)]
        private static partial int VirtualFree(nint address, nuint bytes, uint kind);
    }
}
