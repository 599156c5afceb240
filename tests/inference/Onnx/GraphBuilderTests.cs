using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Onnx;

public sealed class GraphBuilderTests
{
    [Fact]
    public void ABuiltModelRunsInOnnxRuntimeWithConstantsOfEveryKind()
    {
        var graph = new GraphBuilder();
        graph.Input("x", OnnxType.Float, "rows", 2);
        graph.Initializer("w", [1f, 2, 3, 4, 5, 6], 2, 3);
        graph.Initializer("axes", [1L], 1);
        graph.Initializer("bias", new sbyte[] { -1, 0, 1 }, 3);
        graph.Initializer("pick", new[] { 1 }, 1);
        graph.Node("MatMul", ["x", "w"], ["y"]);
        graph.Node("Cast", ["bias"], ["bias.f"], attributes: OnnxAttribute.OfType("to", OnnxType.Float));
        graph.Node("Add", ["y", "bias.f"], ["z"]);
        graph.Node("LeakyRelu", ["z"], ["r"], attributes: OnnxAttribute.Of("alpha", 0.5f));
        graph.Node("ReduceMax", ["r"], ["m"], attributes: [OnnxAttribute.OfList("axes", -1), OnnxAttribute.Of("keepdims", 1)]);
        graph.Node("Gather", ["m", "pick"], ["picked"], attributes: OnnxAttribute.Of("axis", 0));
        graph.Output("r", OnnxType.Float, "rows", 3);
        graph.Output("picked", OnnxType.Float, 1, 1);

        var results = Run(graph.ToModel(), [1, 1, -1, 0]);

        Assert.Equal([4f, 7, 10, -1, -1, -1], results[0]);
        Assert.Equal([-1f], results[1]);
    }

    [Fact]
    public void AnExternalConstantIsReadAtItsOffset()
    {
        var folder = Directory.CreateTempSubdirectory("graph-builder").FullName;
        try
        {
            var data = new byte[4096 + 8];
            BitConverter.TryWriteBytes(data.AsSpan(4096), 3f);
            BitConverter.TryWriteBytes(data.AsSpan(4100), -2f);
            File.WriteAllBytes(Path.Combine(folder, "model.onnx.data"), data);
            var graph = new GraphBuilder();
            graph.Input("x", OnnxType.Float, "rows", 2);
            graph.ExternalInitializer("w", OnnxType.Float, [2], "model.onnx.data", 4096, 8);
            graph.Node("Mul", ["x", "w"], ["y"]);
            graph.Output("y", OnnxType.Float, "rows", 2);
            var path = Path.Combine(folder, "model.onnx");
            File.WriteAllBytes(path, graph.ToModel());

            using var session = new InferenceSession(path);

            Assert.Equal([30f, -20f], Run(session, [10, 10])[0]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static float[][] Run(byte[] model, float[] x)
    {
        using var session = new InferenceSession(model);
        return Run(session, x);
    }

    private static float[][] Run(InferenceSession session, float[] x)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(x, [x.Length / 2, 2]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["x"], [input], session.OutputNames);
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }
}
