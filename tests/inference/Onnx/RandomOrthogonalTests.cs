using Serverless.Inference.Onnx.Weights;

namespace Serverless.Inference.Tests.Onnx;

public sealed class RandomOrthogonalTests
{
    private const int Size = 96;

    [Fact]
    public void RowsAreOfLengthOneAndAtRightAngles()
    {
        var matrix = Create(threads: 1);
        for (var i = 0; i < Size; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var product = 0.0;
                for (var k = 0; k < Size; k++)
                {
                    product += (double)matrix.Row(i)[k] * matrix.Row(j)[k];
                }

                Assert.Equal(i == j ? 1 : 0, product, 1e-6);
            }
        }
    }

    [Fact]
    public void EveryAxisIsSpreadOverAllOthers()
    {
        var matrix = Create(threads: 1);
        for (var i = 0; i < Size; i++)
        {
            // A random direction in 96 dimensions has no element above 0.6 but once in many million.
            Assert.InRange(matrix.Row(i).ToArray().Max(MathF.Abs), 0, 0.6f);
        }
    }

    [Fact]
    public void ThreadsChangeNothing() => Assert.Equal(Create(threads: 1).Values, Create(threads: 4).Values);

    private static Matrix Create(int threads) => RandomOrthogonal.Create(Size, 1, new() { MaxDegreeOfParallelism = threads });
}
