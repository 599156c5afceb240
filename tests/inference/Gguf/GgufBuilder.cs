using System.Text;

namespace Serverless.Inference.Tests.Gguf;

/// <summary>Writes small GGUF files, sound or broken, for tests.</summary>
internal sealed class GgufBuilder
{
    private readonly List<byte> _metadata = [];
    private readonly List<byte> _tensors = [];
    private readonly List<byte> _data = [];
    private ulong _metadataCount;
    private ulong _tensorCount;

    public ulong? ClaimedTensors { get; init; }

    public ulong? ClaimedMetadata { get; init; }

    public uint Version { get; init; } = 3;

    /// <summary>Adds an entry whose value is the given raw bytes.</summary>
    public GgufBuilder Metadata(string key, uint type, params object[] value)
    {
        Put(_metadata, [key, type, .. value]);
        _metadataCount++;
        return this;
    }

    public GgufBuilder Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        Put(_tensors, [name, (uint)dimensions.Length, .. dimensions.Cast<object>(), type, offset]);
        _tensorCount++;
        return this;
    }

    public GgufBuilder Data(params byte[] bytes)
    {
        _data.AddRange(bytes);
        return this;
    }

    public byte[] ToArray()
    {
        List<byte> file = [];
        Put(file, [0x46554747u, Version, ClaimedTensors ?? _tensorCount, ClaimedMetadata ?? _metadataCount]);
        file.AddRange(_metadata);
        file.AddRange(_tensors);
        while (_tensorCount > 0 && file.Count % 32 != 0)
        {
            file.Add(0);
        }

        file.AddRange(_data);
        return [.. file];
    }

    private static void Put(List<byte> bytes, IEnumerable<object> values)
    {
        foreach (var value in values)
        {
            bytes.AddRange(value switch
            {
                string text => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)],
                uint number => BitConverter.GetBytes(number),
                int number => BitConverter.GetBytes(number),
                ulong number => BitConverter.GetBytes(number),
                float number => BitConverter.GetBytes(number),
                bool flag => BitConverter.GetBytes(flag),
                byte number => [number],
                sbyte number => [(byte)number],
                ushort number => BitConverter.GetBytes(number),
                short number => BitConverter.GetBytes(number),
                long number => BitConverter.GetBytes(number),
                double number => BitConverter.GetBytes(number),
                _ => throw new ArgumentException($"{value.GetType()} cannot be written."),
            });
        }
    }
}
