namespace Serverless.Inference.Kernels.Interop;

/// <summary>An input tensor of at most four dimensions; its element type is what the operator declares.</summary>
internal readonly unsafe struct Tensor
{
    private const int MostDimensions = 4;

    private readonly long _d0;
    private readonly long _d1;
    private readonly long _d2;
    private readonly long _d3;

    private Tensor(string name, nint value, ReadOnlySpan<long> dimensions)
    {
        Name = name;
        Data = OrtApi.TensorData(value);
        (_d0, _d1, _d2, _d3) = (dimensions[0], dimensions[1], dimensions[2], dimensions[3]);
    }

    public string Name { get; }

    public void* Data { get; }

    public long this[int dimension] => dimension switch { 0 => _d0, 1 => _d1, 2 => _d2, _ => _d3 };

    public static Tensor Read(nint value, string name, int rank)
    {
        Span<long> dimensions = stackalloc long[MostDimensions];
        var actual = OrtApi.TensorShape(value, dimensions);
        if (actual != rank)
        {
            throw new OperatorInputException($"{name} has {actual} dimensions; it must have {rank}.");
        }

        foreach (var dimension in dimensions[..rank])
        {
            if (dimension > int.MaxValue)
            {
                throw new OperatorInputException($"{name} has a dimension of {dimension}; at most {int.MaxValue} are possible.");
            }
        }

        return new(name, value, dimensions);
    }

    /// <summary>A dimension that has no limits beyond those of memory.</summary>
    public int Length(int dimension) => (int)this[dimension];

    /// <summary>Refuses any other length of a dimension; <paramref name="why"/> says where the length comes from.</summary>
    public void Require(int dimension, long length, string why)
    {
        if (this[dimension] != length)
        {
            throw new OperatorInputException($"dimension {dimension} of {Name} is {this[dimension]}; it must be {length}, {why}.");
        }
    }

    /// <summary>A dimension that must divide by <paramref name="divisor"/> and not be 0.</summary>
    public int RequireMultiple(int dimension, int divisor)
    {
        var length = this[dimension];
        return length > 0 && length % divisor == 0
            ? (int)length
            : throw new OperatorInputException($"dimension {dimension} of {Name} is {length}; it must be a multiple of {divisor} and not 0.");
    }
}
