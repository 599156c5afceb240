using System.Numerics;
using System.Runtime.Intrinsics;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>Attention in float32, one row and one head at a time.</summary>
internal sealed unsafe class FloatAttention
{
    private readonly StepShape _shape;
    private readonly int _heads;
    private readonly int _kvHeads;
    private readonly float _scale;
    private readonly int[] _sequenceOf;

    public FloatAttention(StepShape shape, int heads, int kvHeads, float scale)
    {
        (_shape, _heads, _kvHeads, _scale) = (shape, heads, kvHeads, scale);
        _sequenceOf = new int[shape.Tokens];
        for (var s = 0; s < shape.Sequences; s++)
        {
            Array.Fill(_sequenceOf, s, shape.First(s), shape.Count(s));
        }
    }

    public required float* Qkv { get; init; }

    public required float* Keys { get; init; }

    public required float* Values { get; init; }

    public required float* Y { get; init; }

    /// <summary>Rotates and stores the keys and values of a sequence's new position <paramref name="index"/>.</summary>
    public void Cache(int sequence, int index)
    {
        var size = _shape.HeadSize;
        var position = _shape.PastOf(sequence) + index;
        var source = Row(_shape.First(sequence) + index) + (_heads * size);
        for (var head = 0; head < _kvHeads; head++)
        {
            var offset = CacheOffset(sequence, position, head);
            Rotate(source + (head * size), Keys + offset, position, 1);
            new ReadOnlySpan<float>(source + ((_kvHeads + head) * size), size).CopyTo(new(Values + offset, size));
        }
    }

    /// <summary>Computes one head of one row; <paramref name="item"/> is row * heads + head.</summary>
    public void Attend(int item)
    {
        var (size, row, head) = (_shape.HeadSize, item / _heads, item % _heads);
        var sequence = _sequenceOf[row];
        var position = _shape.PastOf(sequence) + row - _shape.First(sequence);
        var kvHead = head / (_heads / _kvHeads);
        var query = new float[size];
        fixed (float* rotated = query)
        {
            Rotate(Row(row) + (head * size), rotated, position, _scale);
        }

        var weights = new float[position + 1];
        for (var key = 0; key <= position; key++)
        {
            weights[key] = Dot(query, new(Keys + CacheOffset(sequence, key, kvHead), size));
        }

        var (largest, sum) = (float.NegativeInfinity, 0f);
        foreach (var weight in weights)
        {
            largest = MathF.Max(largest, weight);
        }

        for (var key = 0; key < weights.Length; key++)
        {
            sum += weights[key] = MathF.Exp(weights[key] - largest);
        }

        var result = new Span<float>(Y + ((long)item * size), size);
        result.Clear();
        for (var key = 0; key < weights.Length; key++)
        {
            AddScaled(result, new(Values + CacheOffset(sequence, key, kvHead), size), weights[key] / sum);
        }
    }

    private float* Row(int row) => Qkv + ((long)row * (_heads + (2 * _kvHeads)) * _shape.HeadSize);

    private long CacheOffset(int sequence, int position, int head)
    {
        long block = _shape.TableOf(sequence)[position / StepShape.BlockPositions];
        var slot = (block * StepShape.BlockPositions) + (position % StepShape.BlockPositions);
        return ((slot * _kvHeads) + head) * _shape.HeadSize;
    }

    private void Rotate(float* source, float* target, int position, float factor)
    {
        var half = _shape.HeadSize / 2;
        Rotary.Rotate<Simd128, Vector128<float>>(source, target, half, _shape.Cos + ((long)position * half), _shape.Sin + ((long)position * half), factor);
    }

    // The order of the sum is set by the head size and the processor's vector width, and by nothing else.
    private static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sums = Vector<float>.Zero;
        for (var i = 0; i < x.Length; i += Vector<float>.Count)
        {
            sums += new Vector<float>(x[i..]) * new Vector<float>(y[i..]);
        }

        return Vector.Sum(sums);
    }

    private static void AddScaled(Span<float> target, ReadOnlySpan<float> source, float factor)
    {
        for (var i = 0; i < target.Length; i += Vector<float>.Count)
        {
            (new Vector<float>(target[i..]) + (new Vector<float>(source[i..]) * factor)).CopyTo(target[i..]);
        }
    }
}
