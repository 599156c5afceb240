using Microsoft.ML.OnnxRuntime;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

public sealed class SwiGluQuantizeTests
{
    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void BytesTimesFactorMatchThePlainCode(string set)
    {
        using var session = Session(set);
        foreach (var width in new[] { 1, 5, 16, 33, 172, 512 })
        {
            foreach (var rows in new[] { 0, 1, 3, 40 })
            {
                var random = new Random(width + rows);
                var (gateUp, m) = (Floats(random, rows * 2 * width), Floats(random, rows));
                var (bytes, factors) = Run(session, gateUp, m, width);
                for (var row = 0; row < rows; row++)
                {
                    var expected = Enumerable.Range(0, width)
                        .Select(i => Value(gateUp[(2 * row * width) + i], gateUp[(((2 * row) + 1) * width) + i], m[row])).ToArray();
                    var largest = expected.Max(Math.Abs);
                    Assert.Equal(largest, factors[row], 1e-5 * largest);
                    for (var i = 0; i < width; i++)
                    {
                        Assert.Equal((expected[i] * 127 / largest) + 128, bytes[(row * width) + i], 0.502);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void GatesFarFromZeroNeitherOverflowNorVanishWrongly(string set)
    {
        using var session = Session(set);

        var (bytes, factors) = Run(session, [200, -200, 90, -90, 1, 1, 1, 1], [1], 4);

        Assert.Equal(200, factors[0], 1e-3);
        Assert.Equal([255, 128, 185, 128], bytes);
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void NotANumberShowsInTheFactorOfItsRowOnly(string set)
    {
        using var session = Session(set);
        for (var at = 0; at < 40; at++)
        {
            var gateUp = Floats(new Random(at), 80);
            gateUp[at] = float.NaN;

            var (_, factors) = Run(session, gateUp, [1, 1], 20);

            Assert.True(float.IsNaN(factors[0]));
            Assert.True(float.IsFinite(factors[1]));
        }
    }

    [Theory]
    [MemberData(nameof(OperatorSession.AllSets), MemberType = typeof(OperatorSession))]
    public void ARowHasTheSameBitsAloneAsAmongOthers(string set)
    {
        using var session = Session(set);
        var random = new Random(4);
        var (gateUp, m) = (Floats(random, 50 * 200), Floats(random, 50));
        var (bytes, factors) = Run(session, gateUp, m, 100);
        for (var row = 0; row < 50; row++)
        {
            var alone = Run(session, gateUp[(row * 200)..((row + 1) * 200)], [m[row]], 100);
            Assert.Equal(bytes[(row * 100)..((row + 1) * 100)], alone.Bytes);
            Assert.Equal(factors[row], alone.Factors[0]);
        }
    }

    [Fact]
    public void AWrongShapeIsAnErrorThatNamesTheOperatorAndTheNumbers()
    {
        using var session = Session(nameof(InstructionSet.Auto));
        (long[] GateUp, long[] M, string Message)[] cases =
        [
            ([2, 7], [2, 1], "dimension 1 of GU is 7; it must be a multiple of 2"),
            ([2, 0], [2, 1], "dimension 1 of GU is 0"),
            ([2, 8], [3, 1], "dimension 0 of M is 3; it must be 2"),
            ([2, 8], [2, 2], "dimension 1 of M is 2; it must be 1"),
        ];
        foreach (var (gateUp, m, message) in cases)
        {
            var error = Assert.Throws<OnnxRuntimeException>(() => session.Run(
                OperatorSession.Tensor(new float[gateUp[0] * gateUp[1]], gateUp), OperatorSession.Tensor(new float[m[0] * m[1]], m)));
            Assert.Contains("SwiGluQuantize: " + message, error.Message, StringComparison.Ordinal);
            Assert.Equal(0, Run(session, new float[16], [1, 1], 4).Factors[0]);
        }
    }

    private static double Value(double gate, double up, double m) => gate * m / (1 + Math.Exp(-gate * m)) * (up * m);

    private static (byte[] Bytes, float[] Factors) Run(OperatorSession session, float[] gateUp, float[] m, int width)
    {
        using var results = session.Run(OperatorSession.Tensor(gateUp, m.Length, 2 * width), OperatorSession.Tensor(m, m.Length, 1));
        return m.Length == 0
            ? ([], [])
            : (results[0].GetTensorDataAsSpan<byte>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
    }

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 4) - 2)];

    private static OperatorSession Session(string set) => new(
        "SwiGluQuantize",
        [new("gu", OnnxType.Float, 2), new("m", OnnxType.Float, 2)],
        [new("u", OnnxType.UInt8, 2), new("factors", OnnxType.Float, 2)],
        Enum.Parse<InstructionSet>(set));
}
