using System.Runtime.InteropServices;
using System.Text;

namespace Serverless.Inference.Kernels.Interop;

/// <summary>The functions of ONNX Runtime's C API that custom operators need, by their place in the OrtApi table.</summary>
/// <remarks>The places are those of onnxruntime_c_api.h, API version 31; the table only grows.</remarks>
internal static unsafe partial class OrtApi
{
    public const uint Version = 31;

    private const int InvalidArgument = 2;
    private const int RuntimeException = 6;

    private static readonly nint* Table = Load();

    /// <summary>The error status for a failed run: the message goes to the caller of the session.</summary>
    public static nint CreateStatus(string message, bool invalidInput)
    {
        fixed (byte* text = Utf8(message))
        {
            return ((delegate* unmanaged[Cdecl]<int, byte*, nint>)Table[0])(invalidInput ? InvalidArgument : RuntimeException, text);
        }
    }

    public static nint CreateCustomOpDomain(string name)
    {
        nint domain;
        fixed (byte* text = Utf8(name))
        {
            Check(((delegate* unmanaged[Cdecl]<byte*, nint*, nint>)Table[26])(text, &domain));
        }

        return domain;
    }

    public static void AddToDomain(nint domain, OrtCustomOp* op) =>
        Check(((delegate* unmanaged[Cdecl]<nint, OrtCustomOp*, nint>)Table[27])(domain, op));

    public static void AddDomain(nint options, nint domain) =>
        Check(((delegate* unmanaged[Cdecl]<nint, nint, nint>)Table[28])(options, domain));

    public static void* TensorData(nint value)
    {
        void* data;
        Check(((delegate* unmanaged[Cdecl]<nint, void**, nint>)Table[51])(value, &data));
        return data;
    }

    /// <summary>Reads a tensor's dimensions, as many as fit, and returns its rank.</summary>
    public static int TensorShape(nint value, Span<long> dimensions)
    {
        nint info;
        Check(((delegate* unmanaged[Cdecl]<nint, nint*, nint>)Table[65])(value, &info));
        try
        {
            nuint rank;
            Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)Table[61])(info, &rank));
            fixed (long* first = dimensions)
            {
                var read = Math.Min(rank, (nuint)dimensions.Length);
                Check(((delegate* unmanaged[Cdecl]<nint, long*, nuint, nint>)Table[62])(info, first, read));
            }

            return (int)rank;
        }
        finally
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)Table[99])(info);
        }
    }

    public static float FloatAttribute(nint info, string name)
    {
        float value;
        fixed (byte* text = Utf8(name))
        {
            Check(((delegate* unmanaged[Cdecl]<nint, byte*, float*, nint>)Table[85])(info, text, &value));
        }

        return value;
    }

    public static long IntegerAttribute(nint info, string name)
    {
        long value;
        fixed (byte* text = Utf8(name))
        {
            Check(((delegate* unmanaged[Cdecl]<nint, byte*, long*, nint>)Table[86])(info, text, &value));
        }

        return value;
    }

    public static int InputCount(nint context)
    {
        nuint count;
        Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)Table[88])(context, &count));
        return (int)count;
    }

    /// <summary>An input, or 0 where an optional one was left out.</summary>
    public static nint Input(nint context, int index)
    {
        nint value;
        Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint*, nint>)Table[90])(context, (nuint)index, &value));
        return value;
    }

    public static nint Output(nint context, int index, ReadOnlySpan<long> dimensions)
    {
        nint value;
        fixed (long* first = dimensions)
        {
            Check(((delegate* unmanaged[Cdecl]<nint, nuint, long*, nuint, nint*, nint>)Table[91])(context, (nuint)index, first, (nuint)dimensions.Length, &value));
        }

        return value;
    }

    /// <summary>Calls <paramref name="function"/> once for each task, on the session's threads, and returns when all are done.</summary>
    public static void ParallelFor(nint context, delegate* unmanaged[Cdecl]<void*, nuint, void> function, int tasks, void* state) =>
        Check(((delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<void*, nuint, void>, nuint, nuint, void*, nint>)Table[274])(
            context, function, (nuint)tasks, (nuint)tasks, state));

    private static void Check(nint status)
    {
        if (status == 0)
        {
            return;
        }

        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint, nint>)Table[2])(status));
        ((delegate* unmanaged[Cdecl]<nint, void>)Table[93])(status);
        throw new InvalidOperationException(message);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static nint* Load()
    {
        var table = ((delegate* unmanaged[Cdecl]<uint, nint*>)OrtGetApiBase()[0])(Version);
        return table is not null
            ? table
            : throw new PlatformNotSupportedException($"This ONNX Runtime library lacks API version {Version}; use 1.{Version} or newer.");
    }

    [LibraryImport("onnxruntime")]
    private static partial nint* OrtGetApiBase();
}
