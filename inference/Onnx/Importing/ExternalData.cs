using System.Runtime.InteropServices;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Onnx.Importing;

/// <summary>The file of weights beside the graph, written front to back; every tensor starts on a page.</summary>
internal sealed class ExternalData : IDisposable
{
    public const string FileName = "model.onnx.data";

    private const int PageBytes = 4096;

    private readonly FileStream _file;
    private readonly GraphBuilder _graph;

    public ExternalData(string folder, GraphBuilder graph)
    {
        _graph = graph;
        _file = new FileStream(Path.Combine(folder, FileName), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
    }

    /// <summary>Writes a tensor in as many pieces as <paramref name="pieces"/> likes and declares it as a constant.</summary>
    public string Add(string name, OnnxType type, ReadOnlySpan<long> shape, Action<Action<ReadOnlySpan<byte>>> pieces)
    {
        Align();
        var offset = _file.Position;
        pieces(bytes => _file.Write(bytes));
        return _graph.ExternalInitializer(name, type, shape, FileName, offset, _file.Position - offset);
    }

    public string Add<T>(string name, OnnxType type, ReadOnlySpan<long> shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Align();
        var offset = _file.Position;
        _file.Write(MemoryMarshal.AsBytes(values));
        return _graph.ExternalInitializer(name, type, shape, FileName, offset, _file.Position - offset);
    }

    /// <summary>Pads the last page and waits until the disk has everything.</summary>
    public void Finish()
    {
        Align();
        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private void Align()
    {
        var rest = (int)(_file.Position % PageBytes);
        if (rest > 0)
        {
            _file.Write(new byte[PageBytes - rest]);
        }
    }
}
