using System.Runtime.CompilerServices;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Rows;

/// <summary>One run of SwiGluQuantize; its items are rows.</summary>
internal abstract unsafe class SwiGluQuantizeWork : ParallelWork
{
    /// <summary>Columns of the result; the input has twice as many, gate before up.</summary>
    public int Width { get; set; }

    public float* GateUp { get; set; }

    public float* M { get; set; }

    public byte* U { get; set; }

    public float* MOut { get; set; }
}

internal sealed unsafe class SwiGluQuantizeWork<S, V>(ScratchPool scratch) : SwiGluQuantizeWork
    where S : ISimd<V>
    where V : struct
{
    protected override void Run(int from, int to)
    {
        var lent = scratch.Rent((Width + Quantise.Step) * sizeof(float));
        for (var row = from; row < to; row++)
        {
            RunRow(row, (float*)lent.Pointer);
        }

        scratch.Return(lent);
    }

    private void RunRow(int row, float* values)
    {
        var width = Width;
        var gate = GateUp + (2L * row * width);
        var up = gate + width;
        var factor = S.Create(M[row]);
        var largest = S.Zero;
        var i = 0;
        for (; i <= width - Quantise.Step; i += Quantise.Step)
        {
            Step(gate + i, up + i, values + i, factor, ref largest);
        }

        if (i < width)
        {
            float* lastGate = stackalloc float[Quantise.Step], lastUp = stackalloc float[Quantise.Step];
            Padded.Load(gate + i, width - i, lastGate);
            Padded.Load(up + i, width - i, lastUp);
            Step(lastGate, lastUp, values + i, factor, ref largest);
        }

        var rowMax = S.LargestMagnitude(largest);
        Quantise.Store<S, V>(values, U + ((long)row * width), width, Quantise.Factor(rowMax));
        MOut[row] = rowMax;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(float* gate, float* up, float* values, V factor, ref V largest)
    {
        for (var i = 0; i < Quantise.Step; i += S.Width)
        {
            var g = S.Multiply(S.Load(gate + i), factor);
            var u = S.Multiply(S.Load(up + i), factor);
            var silu = S.Divide(g, S.Add(S.Create(1), S.Exp(S.Subtract(S.Zero, g))));
            var value = S.Multiply(silu, u);
            S.Store(value, values + i);
            largest = S.MaxMagnitude(largest, value);
        }
    }
}
