namespace Serverless.Inference.Onnx.Writing;

/// <summary>A named constant of a node.</summary>
internal sealed class OnnxAttribute
{
    private const int FloatType = 1;
    private const int IntegerType = 2;
    private const int StringType = 3;
    private const int IntegersType = 7;

    private readonly ProtobufWriter _message;

    private OnnxAttribute(string name, int type) =>
        _message = new ProtobufWriter().Text(1, name).Integer(20, type);

    public static OnnxAttribute Of(string name, long value)
    {
        var attribute = new OnnxAttribute(name, IntegerType);
        attribute._message.Integer(3, value);
        return attribute;
    }

    public static OnnxAttribute Of(string name, float value)
    {
        var attribute = new OnnxAttribute(name, FloatType);
        attribute._message.Single(2, value);
        return attribute;
    }

    public static OnnxAttribute Of(string name, string value)
    {
        var attribute = new OnnxAttribute(name, StringType);
        attribute._message.Text(4, value);
        return attribute;
    }

    public static OnnxAttribute OfList(string name, params ReadOnlySpan<long> values)
    {
        var attribute = new OnnxAttribute(name, IntegersType);
        foreach (var value in values)
        {
            attribute._message.Integer(8, value);
        }

        return attribute;
    }

    /// <summary>An element type as an attribute, as Cast's "to" wants it.</summary>
    public static OnnxAttribute OfType(string name, OnnxType value) => Of(name, (long)value);

    internal void WriteTo(ProtobufWriter node) => node.Message(5, _message);
}
