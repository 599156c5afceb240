using System.Globalization;
using System.Runtime.InteropServices;

namespace Serverless.Inference.Onnx.Writing;

/// <summary>Builds an ONNX model of one graph: inputs, constants, nodes in order of execution, outputs.</summary>
internal sealed class GraphBuilder
{
    /// <summary>The domain of this product's own operators.</summary>
    public const string OwnDomain = "serverless";

    private const int IrVersion = 8;
    private const int OnnxOpset = 17;

    private readonly ProtobufWriter _graph = new();
    private readonly SortedSet<string> _domains = new(StringComparer.Ordinal);

    public GraphBuilder Input(string name, OnnxType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        _graph.Message(11, ValueInfo(name, type, shape));
        return this;
    }

    public GraphBuilder Output(string name, OnnxType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        _graph.Message(12, ValueInfo(name, type, shape));
        return this;
    }

    /// <summary>A constant kept inside the model; <paramref name="bytes"/> are its elements, little-endian, row by row.</summary>
    public string Initializer(string name, OnnxType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes)
    {
        _graph.Message(5, Tensor(name, type, shape).Bytes(9, bytes));
        return name;
    }

    public string Initializer(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.Float, shape, MemoryMarshal.AsBytes(values));

    public string Initializer(string name, ReadOnlySpan<int> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.Int32, shape, MemoryMarshal.AsBytes(values));

    public string Initializer(string name, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.Int64, shape, MemoryMarshal.AsBytes(values));

    public string Initializer(string name, ReadOnlySpan<sbyte> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.Int8, shape, MemoryMarshal.AsBytes(values));

    public string Initializer(string name, ReadOnlySpan<byte> values, params ReadOnlySpan<long> shape) =>
        Initializer(name, OnnxType.UInt8, shape, values);

    /// <summary>A constant kept in the file <paramref name="location"/> beside the model, at a byte offset.</summary>
    public string ExternalInitializer(string name, OnnxType type, ReadOnlySpan<long> shape, string location, long offset, long length)
    {
        var tensor = Tensor(name, type, shape);
        tensor.Message(13, Entry("location", location));
        tensor.Message(13, Entry("offset", offset.ToString(CultureInfo.InvariantCulture)));
        tensor.Message(13, Entry("length", length.ToString(CultureInfo.InvariantCulture)));
        tensor.Integer(14, 1);
        _graph.Message(5, tensor);
        return name;
    }

    /// <summary>Adds a node; an empty name among the inputs or outputs leaves an optional one out.</summary>
    public GraphBuilder Node(
        string operation, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, string domain = "", params ReadOnlySpan<OnnxAttribute> attributes)
    {
        var node = new ProtobufWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        foreach (var output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(3, $"{outputs[0]}/{operation}").Text(4, operation);
        foreach (var attribute in attributes)
        {
            attribute.WriteTo(node);
        }

        if (domain.Length > 0)
        {
            node.Text(7, domain);
            _domains.Add(domain);
        }

        _graph.Message(1, node);
        return this;
    }

    /// <summary>The bytes of the model file.</summary>
    public byte[] ToModel()
    {
        var model = new ProtobufWriter().Integer(1, IrVersion).Text(2, "serverless");
        model.Message(7, new ProtobufWriter().Append(_graph).Text(2, "decoder"));
        model.Message(8, new ProtobufWriter().Text(1, "").Integer(2, OnnxOpset));
        foreach (var domain in _domains)
        {
            model.Message(8, new ProtobufWriter().Text(1, domain).Integer(2, 1));
        }

        return model.ToArray();
    }

    private static ProtobufWriter Tensor(string name, OnnxType type, ReadOnlySpan<long> shape)
    {
        var tensor = new ProtobufWriter();
        foreach (var size in shape)
        {
            tensor.Integer(1, size);
        }

        return tensor.Integer(2, (long)type).Text(8, name);
    }

    private static ProtobufWriter Entry(string key, string value) => new ProtobufWriter().Text(1, key).Text(2, value);

    private static ProtobufWriter ValueInfo(string name, OnnxType type, ReadOnlySpan<OnnxDimension> dimensions)
    {
        var shape = new ProtobufWriter();
        foreach (var dimension in dimensions)
        {
            shape.Message(1, dimension.Name is null
                ? new ProtobufWriter().Integer(1, dimension.Size)
                : new ProtobufWriter().Text(2, dimension.Name));
        }

        var tensor = new ProtobufWriter().Integer(1, (long)type).Message(2, shape);
        return new ProtobufWriter().Text(1, name).Message(2, new ProtobufWriter().Message(1, tensor));
    }
}
