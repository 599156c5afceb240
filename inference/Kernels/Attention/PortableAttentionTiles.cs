using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>The two products of attention with 128-bit vectors of any processor, 16 sums at a time.</summary>
internal sealed unsafe class PortableAttentionTiles(int headSize) : AttentionTiles
{
    private const int Block = StepShape.BlockPositions;
    private const int Group = 16;

    public override int MaxRows => 1;

    public override void Score(ScoreTile* tile, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows, 1);
        for (var block = 0; block < tile->BlockCount; block++)
        {
            for (var group = 0; group < Block / Group; group++)
            {
                var sums = default(Sums);
                var keys = tile->Blocks[block] + (group * Group * headSize);
                for (var d = 0; d < headSize; d++)
                {
                    sums.Add(tile->Queries[d], keys + (d * Group));
                }

                sums.Store(tile->Scores + (block * Block) + (group * Group), 1);
            }
        }
    }

    public override void Mix(MixTile* tile, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows, 1);
        for (var d = 0; d < headSize; d += Group)
        {
            var sums = default(Sums);
            for (var key = 0; key < tile->Keys; key++)
            {
                sums.Add(tile->Weights[key], tile->Blocks[key / Block] + (key % Block * headSize) + d);
            }

            sums.Store(tile->Output + d, tile->Factors[0]);
        }
    }

    private struct Sums
    {
        private Vector128<float> _a;
        private Vector128<float> _b;
        private Vector128<float> _c;
        private Vector128<float> _d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float factor, ushort* values)
        {
            var factors = Vector128.Create(factor);
            var (a, b) = Vector128.Widen(Vector128.Load(values));
            var (c, d) = Vector128.Widen(Vector128.Load(values + 8));
            _a = Simd128.MultiplyAdd(factors, (a << 16).AsSingle(), _a);
            _b = Simd128.MultiplyAdd(factors, (b << 16).AsSingle(), _b);
            _c = Simd128.MultiplyAdd(factors, (c << 16).AsSingle(), _c);
            _d = Simd128.MultiplyAdd(factors, (d << 16).AsSingle(), _d);
        }

        public readonly void Store(float* target, float factor)
        {
            var factors = Vector128.Create(factor);
            (_a * factors).Store(target);
            (_b * factors).Store(target + 4);
            (_c * factors).Store(target + 8);
            (_d * factors).Store(target + 12);
        }
    }
}
