using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

/// <summary>What an operator throws, on whichever thread, becomes the error of its run and of no other.</summary>
public sealed class OperatorExceptionTests
{
    private const string Domain = "tests.exceptions";

    // A domain lives as long as the process.
    private static readonly OperatorDomain Operators = OperatorDomain.Create(Domain, [Throwing.Define()]);

    [Fact]
    public void AnExceptionOnAnyThreadIsTheRunsErrorAndTheNextRunIsSound()
    {
        var graph = new GraphBuilder();
        graph.Input("x", OnnxType.Float, "rows", 1);
        graph.Node("Throwing", ["x"], ["y"], Domain);
        graph.Output("y", OnnxType.Float, "rows", 1);
        using var options = new SessionOptions { IntraOpNumThreads = 2, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        Operators.AddTo(options);
        using var session = new InferenceSession(graph.ToModel(), options);
        for (var bad = 0; bad < 64; bad++)
        {
            var rows = Enumerable.Range(0, 64).Select(i => i == bad ? -1f : i).ToArray();

            var error = Assert.Throws<OnnxRuntimeException>(() => Run(session, rows));

            Assert.Contains("Throwing: System.DivideByZeroException: row ", error.Message, StringComparison.Ordinal);
            Assert.Equal([0f, 2, 4], Run(session, [0, 1, 2]));
        }
    }

    private static float[] Run(InferenceSession session, float[] rows)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(rows, [rows.Length, 1]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["x"], [input], ["y"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
