using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

public sealed class Int8LinearTests
{
    private static readonly int[] Outputs = [1, 3, 15, 16, 17, 31, 32, 33, 48, 49, 64, 65, 100, 127];

    private static readonly int[] Depths = [4, 8, 12, 20, 28, 36, 60, 64, 68, 124, 132, 144, 172];

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void EverySetGivesTheBitsOfThePlainSum(string set)
    {
        foreach (var outputs in Outputs)
        {
            using var session = Session(set, outputs);
            foreach (var depth in Depths)
            {
                var problem = new Problem(seed: outputs + depth, rows: 41, outputs, depth);
                var expected = problem.Plain();
                foreach (var rows in new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 24, 25, 40, 41 })
                {
                    Assert.Equal(expected[..(rows * outputs)], problem.Run(session, 0, rows));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ExtremeBytesDoNotSaturate(string set)
    {
        using var session = Session(set, 32);
        var problem = new Problem(seed: 1, rows: 3, 32, depth: 1536);
        Array.Fill(problem.Activations, (byte)255);
        Array.Fill(problem.Weights, (sbyte)-128, 0, 16 * 1536);
        Array.Fill(problem.Weights, (sbyte)127, 16 * 1536, 16 * 1536);

        Assert.Equal(problem.Plain(), problem.Run(session, 0, 3));
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowHasTheSameBitsAloneAsAmongOthers(string set)
    {
        using var session = Session(set, 272);
        var problem = new Problem(seed: 2, rows: 29, 272, depth: 576);
        var together = problem.Run(session, 0, 29);

        for (var row = 0; row < 29; row++)
        {
            Assert.Equal(together[(row * 272)..((row + 1) * 272)], problem.Run(session, row, 1));
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void AWrongShapeIsAnErrorThatNamesTheOperatorAndTheNumbers(string set)
    {
        using var session = Session(set, 20);
        var good = new Problem(seed: 3, rows: 2, 20, depth: 8);
        (long[] A, long[] W, long C, long S, string Message)[] cases =
        [
            ([2, 6], [2, 2, 16, 4], 32, 32, "dimension 1 of A is 6; it must be a multiple of 4"),
            ([2, 0], [2, 2, 16, 4], 32, 32, "dimension 1 of A is 0"),
            ([2, 12], [2, 2, 16, 4], 32, 32, "dimension 1 of W is 2; it must be 3"),
            ([2, 8], [3, 2, 16, 4], 32, 32, "dimension 0 of W is 3; it must be 2"),
            ([2, 8], [2, 2, 8, 4], 32, 32, "dimension 2 of W is 8; it must be 16"),
            ([2, 8], [2, 2, 16, 2], 32, 32, "dimension 3 of W is 2; it must be 4"),
            ([2, 8], [2, 2, 16, 4], 20, 32, "dimension 0 of C is 20; it must be 32"),
            ([2, 8], [2, 2, 16, 4], 32, 16, "dimension 0 of S is 16; it must be 32"),
        ];
        foreach (var (a, w, c, s, message) in cases)
        {
            var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(
                OperatorSession.Tensor(new byte[a[0] * a[1]], a), OperatorSession.Tensor(new sbyte[w[0] * w[1] * w[2] * w[3]], w),
                OperatorSession.Tensor(new int[c], c), OperatorSession.Tensor(new float[s], s)));
            Assert.Contains("Int8Linear: " + message, error.Message, StringComparison.Ordinal);
            Assert.Equal(good.Plain(), good.Run(session, 0, 2));
        }
    }

    [Fact]
    public void ATensorOfAnotherRankIsAnError()
    {
        using var session = new OperatorSession(
            "Int8Linear",
            [new("a", OnnxType.UInt8, 3), new("w", OnnxType.Int8, 4), new("c", OnnxType.Int32, 1), new("s", OnnxType.Float, 1)],
            [new("y", OnnxType.Float, 2)],
            InstructionSet.Auto,
            OnnxAttribute.Of("outputs", 16));

        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(
            OperatorSession.Tensor(new byte[4], 1, 1, 4), OperatorSession.Tensor(new sbyte[64], 1, 1, 16, 4),
            OperatorSession.Tensor(new int[16], 16), OperatorSession.Tensor(new float[16], 16)));

        Assert.Contains("Int8Linear: A has 3 dimensions; it must have 2.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OutputsOfZeroAreRefusedWhenTheSessionIsMade()
    {
        var error = Assert.Throws<OnnxRuntimeException>(() => Session(nameof(InstructionSet.Auto), 0));

        Assert.Contains("Int8Linear: attribute outputs is 0", error.Message, StringComparison.Ordinal);
    }

    private static OperatorSession Session(string set, int outputs) => new(
        "Int8Linear",
        [new("a", OnnxType.UInt8, 2), new("w", OnnxType.Int8, 4), new("c", OnnxType.Int32, 1), new("s", OnnxType.Float, 1)],
        [new("y", OnnxType.Float, 2)],
        Enum.Parse<InstructionSet>(set),
        OnnxAttribute.Of("outputs", outputs));

    private sealed class Problem
    {
        private readonly int _rows;
        private readonly int _outputs;
        private readonly int _depth;
        private readonly int _padded;
        private readonly int[] _corrections;
        private readonly float[] _scales;

        public Problem(int seed, int rows, int outputs, int depth)
        {
            (_rows, _outputs, _depth, _padded) = (rows, outputs, depth, (outputs + 15) / 16 * 16);
            var random = new Random(seed);
            Activations = new byte[rows * depth];
            Weights = new sbyte[_padded * depth];
            random.NextBytes(Activations);
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Weights.AsSpan()));
            _corrections = [.. Enumerable.Range(0, _padded).Select(_ => random.Next(-100_000, 100_000))];
            _scales = [.. Enumerable.Range(0, _padded).Select(_ => random.NextSingle() / 1000)];
        }

        public byte[] Activations { get; }

        public sbyte[] Weights { get; }

        public float[] Plain()
        {
            var result = new float[_rows * _outputs];
            for (var row = 0; row < _rows; row++)
            {
                for (var n = 0; n < _outputs; n++)
                {
                    var sum = 0;
                    for (var k = 0; k < _depth; k++)
                    {
                        sum += Activations[(row * _depth) + k] * Weights[(n / 16 * 16 * _depth) + (k / 4 * 64) + (n % 16 * 4) + (k % 4)];
                    }

                    result[(row * _outputs) + n] = (sum - _corrections[n]) * _scales[n];
                }
            }

            return result;
        }

        public float[] Run(OperatorSession session, int first, int rows)
        {
            using var results = session.Run(
                OperatorSession.Tensor(Activations.AsSpan(first * _depth, rows * _depth).ToArray(), rows, _depth),
                OperatorSession.Tensor(Weights, _padded / 16, _depth / 4, 16, 4),
                OperatorSession.Tensor(_corrections, _padded), OperatorSession.Tensor(_scales, _padded));
            Assert.Equal([rows, _outputs], results[0].GetTensorTypeAndShape().Shape);
            return rows == 0 ? [] : results[0].GetTensorDataAsSpan<float>().ToArray();
        }
    }
}
