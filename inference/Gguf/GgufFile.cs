using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Serverless.Inference.Gguf;

/// <summary>An open GGUF file: its metadata, its tensor table, and their values as float32 on demand.</summary>
/// <remarks>
/// Tensors are read from a mapping, so processes that open one file share its pages. A mapping of a file that has
/// shrunk would end the process; the length is asked for before each read. Several threads may read at once.
/// </remarks>
internal sealed class GgufFile : IDisposable
{
    private const uint Magic = 0x46554747;
    private const string AlignmentKey = "general.alignment";
    private const int DefaultAlignment = 32;
    private const int MaximumAlignment = 1 << 20;
    private const int ReadBytes = 256 * 1024;

    // Where the number of tensors lies.
    private const long CountAt = 8;

    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, GgufTensor> _tensors;

    private GgufFile(SafeFileHandle file, GgufMetadata metadata, Dictionary<string, GgufTensor> tensors)
    {
        _file = file;
        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _tensors = tensors;
        Metadata = metadata;
    }

    public GgufMetadata Metadata { get; }

    public IReadOnlyCollection<GgufTensor> Tensors => _tensors.Values;

    /// <summary>Opens and checks a file; throws <see cref="GgufException"/> when it is not a sound GGUF of version 2 or 3.</summary>
    public static GgufFile Open(string path)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return Parse(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public GgufTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    public GgufTensor Tensor(string name) => Find(name) ?? throw new GgufException(CountAt, $"tensor '{name}'", "it is missing.");

    /// <summary>Reads as many elements as <paramref name="destination"/> holds; both ends fall on block boundaries.</summary>
    public void Read(GgufTensor tensor, long firstElement, Span<float> destination)
    {
        var format = tensor.Format;
        ArgumentOutOfRangeException.ThrowIfNotEqual(firstElement % format.BlockElements, 0);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length % format.BlockElements, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement + destination.Length, tensor.Elements);

        var offset = tensor.Offset + (firstElement / format.BlockElements * format.BlockBytes);
        var blocksPerRead = ReadBytes / format.BlockBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (destination.Length > 0)
            {
                var blocks = Math.Min(blocksPerRead, destination.Length / format.BlockElements);
                var bytes = buffer.AsSpan(0, blocks * format.BlockBytes);
                Fill(bytes, offset, tensor.Name);
                format.Decode(bytes, destination[..(blocks * format.BlockElements)]);
                destination = destination[(blocks * format.BlockElements)..];
                offset += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
    }

    private static GgufFile Parse(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var reader = new GgufReader(file, length);
        CheckMagic(reader);

        var tensorCount = reader.Count("number of tensors", GgufTensorReader.MinimumBytes);
        var metadata = ReadMetadata(reader, out var alignmentAt);
        var alignment = Alignment(metadata, alignmentAt);

        var entries = new List<GgufTensor>();
        for (var i = 0; i < tensorCount; i++)
        {
            entries.Add(GgufTensorReader.Read(reader, alignment));
        }

        var data = (reader.Position + alignment - 1) / alignment * alignment;
        var tensors = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Offset > length - data || entry.Bytes > length - data - entry.Offset)
            {
                throw new GgufException(data, $"tensor '{entry.Name}'", $"it lies at {entry.Offset} with {entry.Bytes} bytes after the header, outside the file of {length} bytes. The file may be truncated.");
            }

            if (!tensors.TryAdd(entry.Name, entry with { Offset = data + entry.Offset }))
            {
                throw new GgufException(CountAt, $"tensor '{entry.Name}'", "two tensors have this name.");
            }
        }

        return new(file, metadata, tensors);
    }

    private static void CheckMagic(GgufReader reader)
    {
        if (reader.Number<uint>("magic number") != Magic)
        {
            throw new GgufException(0, "magic number", "this is not a GGUF file.");
        }

        var version = reader.Number<uint>("version");
        if (version is not (2 or 3))
        {
            throw new GgufException(4, "version", (version & 0xffff) == 0
                ? "the file is big-endian; convert it to little-endian."
                : $"version {version} is not supported; convert the file to version 3.");
        }
    }

    private static GgufMetadata ReadMetadata(GgufReader reader, out long alignmentAt)
    {
        var count = reader.Count("number of metadata entries", elementBytes: 8 + 4 + 1);
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        alignmentAt = 0;
        for (var i = 0; i < count; i++)
        {
            var offset = reader.Position;
            var key = reader.Text("key of a metadata entry");
            alignmentAt = key == AlignmentKey ? offset : alignmentAt;
            if (!values.TryAdd(key, GgufMetadataReader.Read(reader, key)))
            {
                throw new GgufException(offset, $"metadata '{key}'", "the key occurs twice.");
            }

            offsets.Add(key, offset);
        }

        return new(values, offsets);
    }

    private static int Alignment(GgufMetadata metadata, long at)
    {
        var alignment = metadata.IntegerOrNull(AlignmentKey, 1, MaximumAlignment) ?? DefaultAlignment;
        return (alignment & (alignment - 1)) == 0
            ? alignment
            : throw new GgufException(at, $"metadata '{AlignmentKey}'", $"{alignment} has to be a power of two.");
    }

    private void Fill(Span<byte> bytes, long offset, string tensor)
    {
        if (RandomAccess.GetLength(_file) < offset + bytes.Length)
        {
            throw new GgufException(offset, $"tensor '{tensor}'", "the file became shorter while it was read.");
        }

        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)offset, bytes);
    }
}
