using System.Runtime.CompilerServices;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Rows;

/// <summary>One run of NormQuantize; its items are rows.</summary>
internal abstract unsafe class NormQuantizeWork : ParallelWork
{
    public int Width { get; set; }

    public float Epsilon { get; set; }

    public float* X { get; set; }

    /// <summary>Null where there is nothing to add; so is <see cref="M"/>.</summary>
    public float* Acc { get; set; }

    public float* M { get; set; }

    public float* XOut { get; set; }

    public byte* U { get; set; }

    public float* MOut { get; set; }
}

internal sealed unsafe class NormQuantizeWork<S, V> : NormQuantizeWork
    where S : ISimd<V>
    where V : struct
{
    protected override void Run(int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            RunRow(row);
        }
    }

    private void RunRow(int row)
    {
        var width = Width;
        var offset = (long)row * width;
        float* x = X + offset, acc = Acc is null ? null : Acc + offset, sum = XOut + offset;
        var factor = S.Create(M is null ? 0 : M[row]);
        V squares = S.Zero, largest = S.Zero;
        var i = 0;
        for (; i <= width - Quantise.Step; i += Quantise.Step)
        {
            Step(x + i, acc is null ? null : acc + i, sum + i, factor, ref squares, ref largest);
        }

        if (i < width)
        {
            float* lastX = stackalloc float[Quantise.Step], lastAcc = stackalloc float[Quantise.Step];
            Padded.Load(x + i, width - i, lastX);
            if (acc is not null)
            {
                Padded.Load(acc + i, width - i, lastAcc);
            }

            Step(lastX, acc is null ? null : lastAcc, lastX, factor, ref squares, ref largest);
            Padded.Store(lastX, width - i, sum + i);
        }

        var rowMax = S.LargestMagnitude(largest);
        Quantise.Store<S, V>(sum, U + offset, width, Quantise.Factor(rowMax));
        MOut[row] = rowMax * (1 / MathF.Sqrt((S.Sum(squares) / width) + Epsilon));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(float* x, float* acc, float* sum, V factor, ref V squares, ref V largest)
    {
        for (var i = 0; i < Quantise.Step; i += S.Width)
        {
            var value = S.Load(x + i);
            if (acc is not null)
            {
                value = S.MultiplyAdd(S.Load(acc + i), factor, value);
            }

            S.Store(value, sum + i);
            squares = S.MultiplyAdd(value, value, squares);
            largest = S.MaxMagnitude(largest, value);
        }
    }
}
