using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

public sealed class NormQuantizeTests
{
    private const float Epsilon = 1e-5f;

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void SumNormAndBytesMatchThePlainCode(string set)
    {
        using var session = Session(set, withSum: true);
        foreach (var width in new[] { 1, 7, 16, 17, 31, 64, 100, 576 })
        {
            foreach (var rows in new[] { 0, 1, 2, 3, 9, 40 })
            {
                var random = new Random(width + rows);
                var (x, acc, m) = (Floats(random, rows * width), Floats(random, rows * width), Floats(random, rows));
                var (sum, bytes, factors) = Run(session, width, x, acc, m);
                for (var row = 0; row < rows; row++)
                {
                    var expected = Enumerable.Range(row * width, width).Select(i => (double)x[i] + ((double)acc[i] * m[row])).ToArray();
                    CheckRow(expected, sum.AsSpan(row * width, width), bytes.AsSpan(row * width, width), factors[row]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void WithoutASumTheResidualPassesThrough(string set)
    {
        using var session = Session(set, withSum: false);
        var x = Floats(new Random(5), 3 * 50);

        using var results = session.Run(OperatorSession.Tensor(x, 3, 50));

        Assert.Equal(x, results[0].GetTensorDataAsSpan<float>().ToArray());
        for (var row = 0; row < 3; row++)
        {
            CheckRow(
                [.. x.Skip(row * 50).Take(50).Select(value => (double)value)], results[0].GetTensorDataAsSpan<float>().Slice(row * 50, 50),
                results[1].GetTensorDataAsSpan<byte>().Slice(row * 50, 50), results[2].GetTensorDataAsSpan<float>()[row]);
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowOfZerosAndOneTooSmallToScaleBecomeZeroPoints(string set)
    {
        using var session = Session(set, withSum: true);
        var x = new float[40];
        x[25] = 1e-40f;

        var (_, bytes, factors) = Run(session, 20, x, new float[40], [1, 1]);

        Assert.All(bytes, value => Assert.Equal(128, value));
        Assert.Equal(0, factors[0]);
        Assert.InRange(factors[1], 0, 1e-30f);
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void NotANumberAndInfinityShowInTheFactorOfTheirRowOnly(string set)
    {
        using var session = Session(set, withSum: true);
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (var at = 0; at < 36; at++)
            {
                var x = Floats(new Random(at), 72);
                x[at] = bad;

                var (_, _, factors) = Run(session, 36, x, new float[72], [1, 1]);

                Assert.False(float.IsFinite(factors[0]) && factors[0] != 0, $"{bad} at {at} gave {factors[0]}");
                Assert.True(float.IsFinite(factors[1]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowHasTheSameBitsAloneAsAmongOthers(string set)
    {
        using var session = Session(set, withSum: true);
        var random = new Random(8);
        var (x, acc, m) = (Floats(random, 33 * 100), Floats(random, 33 * 100), Floats(random, 33));
        var together = Run(session, 100, x, acc, m);
        for (var row = 0; row < 33; row++)
        {
            var alone = Run(session, 100, x[(row * 100)..((row + 1) * 100)], acc[(row * 100)..((row + 1) * 100)], [m[row]]);
            Assert.Equal(together.Sum[(row * 100)..((row + 1) * 100)], alone.Sum);
            Assert.Equal(together.Bytes[(row * 100)..((row + 1) * 100)], alone.Bytes);
            Assert.Equal(together.Factors[row], alone.Factors[0]);
        }
    }

    [Fact]
    public void AWrongShapeIsAnErrorThatNamesTheOperatorAndTheNumbers()
    {
        using var session = Session(nameof(InstructionSet.Auto), withSum: true);
        (long[] X, long[] Acc, long[] M, string Message)[] cases =
        [
            ([2, 0], [2, 0], [2, 1], "dimension 1 of X is 0"),
            ([2, 8], [3, 8], [2, 1], "dimension 0 of Acc is 3; it must be 2"),
            ([2, 8], [2, 9], [2, 1], "dimension 1 of Acc is 9; it must be 8"),
            ([2, 8], [2, 8], [1, 1], "dimension 0 of M is 1; it must be 2"),
            ([2, 8], [2, 8], [2, 2], "dimension 1 of M is 2; it must be 1"),
        ];
        foreach (var (x, acc, m, message) in cases)
        {
            var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(Zeros(x), Zeros(acc), Zeros(m)));
            Assert.Contains("NormQuantize: " + message, error.Message, StringComparison.Ordinal);
            session.Run(Zeros([2, 8]), Zeros([2, 8]), Zeros([2, 1])).Dispose();
        }
    }

    [Fact]
    public void ASumWithoutItsFactorIsAnError()
    {
        using var session = new OperatorSession(
            "NormQuantize",
            [new("x", OnnxType.Float, 2), new("acc", OnnxType.Float, 2)],
            [new("sum", OnnxType.Float, 2), new("u", OnnxType.UInt8, 2), new("factors", OnnxType.Float, 2)],
            InstructionSet.Auto,
            OnnxAttribute.Of("epsilon", Epsilon));

        var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(Zeros([1, 4]), Zeros([1, 4])));

        Assert.Contains("NormQuantize: Acc and M belong together", error.Message, StringComparison.Ordinal);
    }

    private static void CheckRow(double[] expected, ReadOnlySpan<float> sum, ReadOnlySpan<byte> bytes, float factor)
    {
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], sum[i], 1e-6 * (1 + largest));
            Assert.Equal((expected[i] * 127 / largest) + 128, bytes[i], 0.501);
        }

        var norm = largest / Math.Sqrt(expected.Select(value => value * value).Average() + Epsilon);
        Assert.Equal(norm, factor, 1e-5 * norm);
    }

    private static (float[] Sum, byte[] Bytes, float[] Factors) Run(OperatorSession session, int width, float[] x, float[] acc, float[] m)
    {
        using var results = session.Run(
            OperatorSession.Tensor(x, m.Length, width), OperatorSession.Tensor(acc, m.Length, width), OperatorSession.Tensor(m, m.Length, 1));
        return m.Length == 0
            ? ([], [], [])
            : (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<byte>().ToArray(),
                results[2].GetTensorDataAsSpan<float>().ToArray());
    }

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 4) - 2)];

    private static OrtValue Zeros(long[] shape) => OperatorSession.Tensor(new float[shape[0] * shape[1]], shape);

    private static OperatorSession Session(string set, bool withSum) => new(
        "NormQuantize",
        [new("x", OnnxType.Float, 2), withSum ? new("acc", OnnxType.Float, 2) : Port.None, withSum ? new("m", OnnxType.Float, 2) : Port.None],
        [new("sum", OnnxType.Float, 2), new("u", OnnxType.UInt8, 2), new("factors", OnnxType.Float, 2)],
        Enum.Parse<InstructionSet>(set),
        OnnxAttribute.Of("epsilon", Epsilon));
}
