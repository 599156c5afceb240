using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Inference.Kernels;
using Serverless.Inference.Onnx.Writing;

namespace Serverless.Inference.Tests.Kernels;

/// <summary>One sequence's part of a step: where it starts, its rows of queries, keys and values, and its cache blocks.</summary>
internal sealed record Slice(int Past, float[] Qkv, float[] Factors, int[] Blocks)
{
    public int Rows => Factors.Length;

    /// <summary>The rows from <paramref name="from"/> up to, not including, <paramref name="to"/>, as a step of their own.</summary>
    public Slice Part(int from, int to, int[]? blocks = null)
    {
        var width = Qkv.Length / Rows;
        return new(Past + from, Qkv[(from * width)..(to * width)], Factors[from..to], blocks ?? Blocks);
    }
}

/// <summary>A session of PagedAttention, or PagedAttentionFloat, with its cache.</summary>
internal sealed class AttentionModel : IDisposable
{
    public const int Context = 400;
    public const int CacheBlocks = 64;

    private const int BlockPositions = 32;

    private readonly OperatorSession _session;
    private readonly bool _quantised;
    private readonly OrtValue _keys;
    private readonly OrtValue _values;

    public AttentionModel(InstructionSet set, int heads, int kvHeads, int size, bool quantised = true, bool hasBias = false, bool hasGains = false)
    {
        var random = new Random(11);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
        Bias = hasBias ? Values((heads + (2 * kvHeads)) * size) : null;
        (QueryGains, KeyGains) = hasGains ? (Values(size), Values(size)) : (null, null);
        (Heads, KvHeads, Size, _quantised) = (heads, kvHeads, size, quantised);
        (Cos, Sin) = (new float[Context * size / 2], new float[Context * size / 2]);
        var cache = quantised ? OnnxType.BFloat16 : OnnxType.Float;
        Port[] inputs =
        [
            new("qkv", OnnxType.Float, 2), .. quantised ? [new Port("m", OnnxType.Float, 2)] : Array.Empty<Port>(),
            new("k", cache, 4), new("v", cache, 4), new("cu", OnnxType.Int32, 1), new("past", OnnxType.Int32, 1),
            new("table", OnnxType.Int32, 2), new("cos", OnnxType.Float, 2), new("sin", OnnxType.Float, 2),
            .. hasBias ? [new Port("bias", OnnxType.Float, 1)] : hasGains ? [Port.None] : Array.Empty<Port>(),
            .. hasGains ? [new Port("qg", OnnxType.Float, 1), new Port("kg", OnnxType.Float, 1)] : Array.Empty<Port>(),
        ];
        Port[] result = quantised ? [new("u", OnnxType.UInt8, 2), new("mout", OnnxType.Float, 2)] : [new("y", OnnxType.Float, 2)];
        _session = new(
            quantised ? "PagedAttention" : "PagedAttentionFloat", inputs, [.. result, new("kout", cache, 4), new("vout", cache, 4)], set,
            OnnxAttribute.Of("num_heads", heads), OnnxAttribute.Of("kv_num_heads", kvHeads), OnnxAttribute.Of("scale", Scale), OnnxAttribute.Of("epsilon", Epsilon));
        var type = quantised ? TensorElementType.BFloat16 : TensorElementType.Float;
        _keys = OperatorSession.Empty(type, CacheBlocks, BlockPositions, kvHeads, size);
        _values = OperatorSession.Empty(type, CacheBlocks, BlockPositions, kvHeads, size);

        // What a block held before must not matter: here it holds NaN.
        _keys.GetTensorMutableRawData().Fill(0xFF);
        _values.GetTensorMutableRawData().Fill(0xFF);
        for (var position = 0; position < Context; position++)
        {
            for (var i = 0; i < size / 2; i++)
            {
                var angle = position / Math.Pow(10_000, 2.0 * i / size);
                (Cos[(position * size / 2) + i], Sin[(position * size / 2) + i]) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
            }
        }
    }

    public int Heads { get; }

    public int KvHeads { get; }

    public int Size { get; }

    public float Scale => 1 / MathF.Sqrt(Size);

    public int Width => Heads * Size;

    /// <summary>Of each head's norm, where there is one.</summary>
    public static float Epsilon => 1e-6f;

    /// <summary>What is added to queries, keys and values, or null.</summary>
    public float[]? Bias { get; }

    /// <summary>Gains of the norms of queries and keys, or null.</summary>
    public float[]? QueryGains { get; }

    public float[]? KeyGains { get; }

    public float[] Cos { get; }

    public float[] Sin { get; }

    /// <summary>A prompt of random rows.</summary>
    public Slice Prompt(int seed, int rows, params int[] blocks)
    {
        var random = new Random(seed);
        var width = (Heads + (2 * KvHeads)) * Size;
        return new(
            0,
            [.. Enumerable.Range(0, rows * width).Select(_ => (random.NextSingle() * 4) - 2)],
            [.. Enumerable.Range(0, rows).Select(_ => _quantised ? 0.2f + random.NextSingle() : 1)],
            blocks);
    }

    /// <summary>Runs one step; the result of a slice is its rows' bytes and factors, or floats.</summary>
    public Attended[] Step(params Slice[] slices)
    {
        var rows = slices.Sum(slice => slice.Rows);
        var maxBlocks = slices.Max(slice => slice.Blocks.Length);
        int[] cu = [0, .. slices.Select((_, i) => slices.Take(i + 1).Sum(slice => slice.Rows))];
        int[] table = [.. slices.SelectMany(slice => slice.Blocks.Concat(Enumerable.Repeat(-1, maxBlocks - slice.Blocks.Length)))];
        return Step(
            [.. slices.SelectMany(slice => slice.Qkv)], rows, [.. slices.SelectMany(slice => slice.Factors)], cu,
            [.. slices.Select(slice => slice.Past)], table, maxBlocks);
    }

    /// <summary>Runs one step from raw inputs, which may be wrong.</summary>
    public Attended[] Step(float[] qkv, int rows, float[] m, int[] cu, int[] past, int[] table, int maxBlocks)
    {
        using var bytes = OperatorSession.Empty(TensorElementType.UInt8, rows, Width);
        using var factors = OperatorSession.Empty(TensorElementType.Float, rows, 1);
        using var floats = OperatorSession.Empty(TensorElementType.Float, rows, Width);
        OrtValue[] inputs =
        [
            OperatorSession.Tensor(qkv, rows, rows == 0 ? (Heads + (2 * KvHeads)) * Size : qkv.Length / rows),
            .. _quantised ? [OperatorSession.Tensor(m, m.Length, 1)] : Array.Empty<OrtValue>(),
            _keys, _values,
            OperatorSession.Tensor(cu, cu.Length), OperatorSession.Tensor(past, past.Length), OperatorSession.Tensor(table, table.Length / maxBlocks, maxBlocks),
            OperatorSession.Tensor(Cos, Context, Size / 2), OperatorSession.Tensor(Sin, Context, Size / 2),
            .. new[] { Bias, QueryGains, KeyGains }.OfType<float[]>().Select(values => OperatorSession.Tensor(values, values.Length)),
        ];
        _session.Run(inputs, _quantised ? [bytes, factors, _keys, _values] : [floats, _keys, _values]);
        foreach (var input in inputs.Where(input => input != _keys && input != _values))
        {
            input.Dispose();
        }

        return
        [
            .. Enumerable.Range(0, past.Length).Select(s => _quantised
                ? new Attended(
                    [], bytes.GetTensorDataAsSpan<byte>()[(cu[s] * Width)..(cu[s + 1] * Width)].ToArray(),
                    factors.GetTensorDataAsSpan<float>()[cu[s]..cu[s + 1]].ToArray())
                : new Attended(floats.GetTensorDataAsSpan<float>()[(cu[s] * Width)..(cu[s + 1] * Width)].ToArray(), [], [])),
        ];
    }

    /// <summary>Runs with inputs of any shape, and the cache in another tensor than it comes from where <paramref name="copyCache"/> is set.</summary>
    public void Run(OrtValue[] inputs, bool copyCache = false)
    {
        using var copy = OperatorSession.Empty(TensorElementType.BFloat16, CacheBlocks, BlockPositions, KvHeads, Size);
        using var bytes = OperatorSession.Empty(TensorElementType.UInt8, 1, Width);
        using var factors = OperatorSession.Empty(TensorElementType.Float, 1, 1);
        _session.Run([inputs[0], inputs[1], _keys, _values, .. inputs[2..]], [bytes, factors, copyCache ? copy : _keys, _values]);
    }

    public void Dispose()
    {
        _session.Dispose();
        _keys.Dispose();
        _values.Dispose();
    }
}

/// <summary>What attention gave for one slice: floats, or bytes with a factor for each row.</summary>
internal sealed record Attended(float[] Floats, byte[] Bytes, float[] Factors)
{
    /// <summary>The rows from one on, up to, not including, another.</summary>
    public Attended Part(int from, int to, int width) => new(
        Floats.Length == 0 ? [] : Floats[(from * width)..(to * width)],
        Bytes.Length == 0 ? [] : Bytes[(from * width)..(to * width)],
        Factors.Length == 0 ? [] : Factors[from..to]);

    public static void AssertSameBits(Attended expected, Attended actual)
    {
        Assert.Equal(expected.Floats.Select(BitConverter.SingleToUInt32Bits), actual.Floats.Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(expected.Bytes, actual.Bytes);
        Assert.Equal(expected.Factors.Select(BitConverter.SingleToUInt32Bits), actual.Factors.Select(BitConverter.SingleToUInt32Bits));
    }
}
