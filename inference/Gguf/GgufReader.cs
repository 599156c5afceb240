using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Inference.Gguf;

/// <summary>Reads a GGUF header front to back and never past the end of the file.</summary>
/// <remarks>Every length is checked against what is left of the file before anything is allocated for it.</remarks>
internal sealed class GgufReader(SafeFileHandle file, long length)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The offset of the next byte.</summary>
    public long Position { get; private set; }

    public long Remaining => length - Position;

    /// <summary>Reads a number; the file and every supported processor are little-endian.</summary>
    public T Number<T>(string field)
        where T : unmanaged
    {
        Span<T> value = stackalloc T[1];
        Fill(MemoryMarshal.AsBytes(value), field);
        return value[0];
    }

    public bool Bool(string field)
    {
        var offset = Position;
        var value = Number<byte>(field);
        return value <= 1 ? value == 1 : throw new GgufException(offset, field, $"a boolean is 0 or 1, not {value}.");
    }

    public string Text(string field)
    {
        var offset = Position;
        var size = Count(field, elementBytes: 1);
        var bytes = new byte[size];
        Fill(bytes, field);
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new GgufException(offset, field, $"the text is not valid UTF-8 ({error.Message})");
        }
    }

    /// <summary>Reads a 64-bit count of things that take at least <paramref name="elementBytes"/> each.</summary>
    public int Count(string field, int elementBytes)
    {
        var offset = Position;
        var count = Number<ulong>(field);
        if (count > (ulong)(Remaining / elementBytes) || count > (ulong)Array.MaxLength)
        {
            throw new GgufException(offset, field, $"it claims {count} elements, but only {Remaining} bytes of the file are left.");
        }

        return (int)count;
    }

    public void Fill(Span<byte> destination, string field)
    {
        if (destination.Length > Remaining)
        {
            throw new GgufException(Position, field, $"the file ends here; {destination.Length} bytes were expected and {Remaining} are left.");
        }

        Position += destination.Length;
        while (destination.Length > 0)
        {
            if (_start == _end)
            {
                Refill(field, Position - destination.Length);
            }

            var taken = Math.Min(destination.Length, _end - _start);
            _buffer.AsSpan(_start, taken).CopyTo(destination);
            destination = destination[taken..];
            _start += taken;
        }
    }

    private void Refill(string field, long offset)
    {
        _start = 0;
        _end = RandomAccess.Read(file, _buffer, offset);
        if (_end == 0)
        {
            throw new GgufException(offset, field, "the file became shorter while it was read.");
        }
    }
}
