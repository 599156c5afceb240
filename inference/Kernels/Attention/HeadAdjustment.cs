using Serverless.Inference.Kernels.Interop;
using Serverless.Inference.Kernels.Vectors;

namespace Serverless.Inference.Kernels.Attention;

/// <summary>What some families do to a head between its projection and its rotation: they add a bias (Qwen2) or normalise it (Qwen3).</summary>
internal readonly unsafe struct HeadAdjustment
{
    private const int BiasInput = 9, QueryGainsInput = 10, KeyGainsInput = 11;

    private readonly float _epsilon;

    private HeadAdjustment(float* bias, float* queryGains, float* keyGains, float epsilon)
    {
        Bias = bias;
        QueryGains = queryGains;
        KeyGains = keyGains;
        _epsilon = epsilon;
    }

    /// <summary>[query, key and value heads][dimension], or null; so are the gains of a query and of a key, [dimension].</summary>
    public float* Bias { get; }

    public float* QueryGains { get; }

    public float* KeyGains { get; }

    /// <summary>The operator's optional inputs.</summary>
    public static Slot[] Inputs { get; } =
    [
        new("bias", ElementType.Float32, Optional: true),
        new("query_gains", ElementType.Float32, Optional: true),
        new("key_gains", ElementType.Float32, Optional: true),
    ];

    /// <exception cref="OperatorInputException">One is of another length than the heads.</exception>
    public static HeadAdjustment Read(KernelContext context, int heads, int headSize, float epsilon) => new(
        Read(context, BiasInput, heads * headSize, "the columns of QKV"),
        Read(context, QueryGainsInput, headSize, "the head size"),
        Read(context, KeyGainsInput, headSize, "the head size"),
        epsilon);

    /// <summary>Scales a head by its row's factor, adds its bias and normalises it.</summary>
    /// <param name="source">The head as it was projected, without the row's factor.</param>
    /// <param name="factor">The row's factor.</param>
    /// <param name="head">Its place among query, key and value heads.</param>
    /// <param name="gains">Of its kind's norm, or null for none.</param>
    /// <param name="size">Dimensions of a head, a multiple of 16.</param>
    /// <param name="target">Takes the result.</param>
    public void Apply<S, V>(float* source, float factor, int head, float* gains, int size, float* target)
        where S : ISimd<V>
        where V : struct
    {
        var bias = Bias is null ? null : Bias + ((long)head * size);
        var (factors, squares) = (S.Create(factor), S.Zero);
        for (var i = 0; i < size; i += S.Width)
        {
            var value = S.Multiply(S.Load(source + i), factors);
            value = bias is null ? value : S.Add(value, S.Load(bias + i));
            squares = S.MultiplyAdd(value, value, squares);
            S.Store(value, target + i);
        }

        if (gains is null)
        {
            return;
        }

        var length = S.Create(1 / MathF.Sqrt((S.Sum(squares) / size) + _epsilon));
        for (var i = 0; i < size; i += S.Width)
        {
            S.Store(S.Multiply(S.Multiply(S.Load(target + i), length), S.Load(gains + i)), target + i);
        }
    }

    private static float* Read(KernelContext context, int input, int length, string what)
    {
        if (context.OptionalInput(input, 1) is not { } tensor)
        {
            return null;
        }

        tensor.Require(0, length, what);
        return (float*)tensor.Data;
    }
}
