using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

/// <summary>What PagedAttention refuses; two sequences of 3 and 2 rows with two blocks each are the good case.</summary>
public sealed class PagedAttentionInputTests : IDisposable
{
    private readonly AttentionModel _model = new(InstructionSet.Auto, 2, 1, 16);

    [Theory]
    [InlineData(new[] { 1, 3, 5 }, new[] { 0, 0 }, new[] { 0, 1, 2, 3 }, "cumulative_sequence_lengths runs from 1 to 5; it must run from 0 to the 5 rows")]
    [InlineData(new[] { 0, 3, 4 }, new[] { 0, 0 }, new[] { 0, 1, 2, 3 }, "cumulative_sequence_lengths runs from 0 to 4")]
    [InlineData(new[] { 0, 6, 5 }, new[] { 0, 0 }, new[] { 0, 1, 2, 3 }, "cumulative_sequence_lengths[1] is 6; it must be 0 to 5")]
    [InlineData(new[] { 0, -1, 5 }, new[] { 0, 0 }, new[] { 0, 1, 2, 3 }, "cumulative_sequence_lengths[1] is -1; it must be 0 to 5")]
    [InlineData(new[] { 0, 5 }, new[] { 0, 0 }, new[] { 0, 1, 2, 3 }, "dimension 0 of cumulative_sequence_lengths is 2; it must be 3")]
    [InlineData(new[] { 0, 3, 5 }, new[] { 0, -1 }, new[] { 0, 1, 2, 3 }, "past_sequence_lengths[1] is -1; it must not be negative")]
    [InlineData(new[] { 0, 3, 5 }, new[] { 62, 0 }, new[] { 0, 1, 2, 3 }, "sequence 0 has 62 past and 3 new positions; its 2 blocks of 32 hold fewer")]
    [InlineData(new[] { 0, 3, 5 }, new[] { int.MaxValue, 0 }, new[] { 0, 1, 2, 3 }, "sequence 0 has 2147483647 past and 3 new positions")]
    [InlineData(new[] { 0, 3, 5 }, new[] { 0, 0 }, new[] { 0, 1, 64, 3 }, "block_table[1,0] is 64; the cache has blocks 0 to 63")]
    [InlineData(new[] { 0, 3, 5 }, new[] { 30, 0 }, new[] { 0, -1, 2, 3 }, "block_table[0,1] is -1; the cache has blocks 0 to 63")]
    [InlineData(new[] { 0, 3, 5 }, new[] { 0, 0 }, new[] { 0, 1 }, "dimension 0 of block_table is 1; it must be 2")]
    public void AWrongIndexIsAnErrorAndTheNextStepWorks(int[] cu, int[] past, int[] table, string message)
    {
        var prompt = _model.Prompt(1, 5, 0);

        var error = Assert.Throws<OnnxRuntimeException>(() => _model.Step(prompt.Qkv, 5, prompt.Factors, cu, past, table, 2));

        Assert.Contains("PagedAttention: " + message, error.Message, StringComparison.Ordinal);
        Assert.Equal(5, _model.Step(prompt)[0].Factors.Length);
    }

    [Fact]
    public void APositionPastTheModelsContextIsAnError()
    {
        var prompt = _model.Prompt(1, 2, [.. Enumerable.Range(0, 20)]) with { Past = AttentionModel.Context - 1 };

        var error = Assert.Throws<OnnxRuntimeException>(() => _model.Step(prompt));

        Assert.Contains("PagedAttention: sequence 0 has 399 past and 2 new positions; the model's context ends at 400.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FactorsOfAnotherCountThanRowsAreAnError()
    {
        var prompt = _model.Prompt(1, 5, 0);

        var error = Assert.Throws<OnnxRuntimeException>(() => _model.Step(prompt.Qkv, 5, prompt.Factors[..4], [0, 5], [0], [0], 1));

        Assert.Contains("PagedAttention: dimension 0 of M is 4; it must be 5", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(63, 8, 8, 400, 400, "dimension 1 of QKV is 63; it must be 64")]
    [InlineData(64, 7, 8, 400, 400, "dimension 1 of cos is 7; it must be 8")]
    [InlineData(64, 8, 9, 400, 400, "dimension 1 of sin is 9; it must be 8")]
    [InlineData(64, 8, 8, 400, 399, "dimension 0 of sin is 399; it must be 400")]
    public void ATensorOfAnotherShapeIsAnError(int width, int cosWidth, int sinWidth, int cosRows, int sinRows, string message)
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => Run(width, cosWidth, sinWidth, cosRows, sinRows, copyCache: false));

        Assert.Contains("PagedAttention: " + message, error.Message, StringComparison.Ordinal);
        Run(64, 8, 8, 400, 400, copyCache: false);
    }

    [Fact]
    public void ACacheOutputInOtherMemoryIsAnError()
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => Run(64, 8, 8, 400, 400, copyCache: true));

        Assert.Contains("PagedAttention: output K is other memory than the input", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HeadsThatDoNotDivideAreRefusedWhenTheSessionIsMade()
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => new AttentionModel(InstructionSet.Auto, 3, 2, 16));

        Assert.Contains("PagedAttention: num_heads is 3; it must be a multiple of kv_num_heads, 2.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 32, 1, 24, "dimension 3 of K is 24; it must be a multiple of 16")]
    [InlineData(4, 16, 1, 16, "dimension 1 of K is 16; it must be 32")]
    [InlineData(4, 32, 2, 16, "dimension 2 of K is 2; it must be 1")]
    [InlineData(5, 32, 1, 16, "dimension 0 of V is 4; it must be 5")]
    public void ACacheOfAnotherShapeIsAnError(int blocks, int positions, int kvHeads, int size, string message)
    {
        using var session = new OperatorSession(
            "PagedAttentionFloat",
            [
                new("qkv", OnnxType.Float, 2), new("k", OnnxType.Float, 4), new("v", OnnxType.Float, 4), new("cu", OnnxType.Int32, 1),
                new("past", OnnxType.Int32, 1), new("table", OnnxType.Int32, 2), new("cos", OnnxType.Float, 2), new("sin", OnnxType.Float, 2),
            ],
            [new("y", OnnxType.Float, 2), new("ko", OnnxType.Float, 4), new("vo", OnnxType.Float, 4)],
            InstructionSet.Auto,
            OnnxAttribute.Of("num_heads", 1), OnnxAttribute.Of("kv_num_heads", 1), OnnxAttribute.Of("scale", 1f));

        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(
            OperatorSession.Tensor(new float[3 * size], 1, 3 * size),
            OperatorSession.Tensor(new float[blocks * positions * kvHeads * size], blocks, positions, kvHeads, size),
            OperatorSession.Tensor(new float[4 * positions * kvHeads * size], 4, positions, kvHeads, size),
            OperatorSession.Tensor<int>([0, 1], 2), OperatorSession.Tensor(new int[1], 1), OperatorSession.Tensor(new int[1], 1, 1),
            OperatorSession.Tensor(new float[size / 2], 1, size / 2), OperatorSession.Tensor(new float[size / 2], 1, size / 2)));

        Assert.Contains("PagedAttentionFloat: " + message, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _model.Dispose();

    private void Run(int width, int cosWidth, int sinWidth, int cosRows, int sinRows, bool copyCache)
    {
        OrtValue[] inputs =
        [
            OperatorSession.Tensor(new float[width], 1, width), OperatorSession.Tensor(new float[1], 1, 1),
            OperatorSession.Tensor<int>([0, 1], 2), OperatorSession.Tensor(new int[1], 1), OperatorSession.Tensor(new int[1], 1, 1),
            OperatorSession.Tensor(new float[cosRows * cosWidth], cosRows, cosWidth), OperatorSession.Tensor(new float[sinRows * sinWidth], sinRows, sinWidth),
        ];
        try
        {
            _model.Run(inputs, copyCache);
        }
        finally
        {
            Array.ForEach(inputs, input => input.Dispose());
        }
    }
}
