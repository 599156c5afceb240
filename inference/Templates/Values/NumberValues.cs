using System.Globalization;
using System.Numerics;
using Serverless.Inference.Templates.Formatting;
using Serverless.Inference.Templates.Text;

namespace Serverless.Inference.Templates.Values;

/// <summary>A whole number of any size up to <see cref="MaxBits"/>, as Python has them.</summary>
internal sealed class IntegerValue : Value
{
    public const int MaxBits = 4096;

    private static readonly IntegerValue[] Small = [.. Enumerable.Range(-8, 264).Select(number => new IntegerValue(number))];

    private IntegerValue(BigInteger number) => Number = number;

    public BigInteger Number { get; }

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;

    public static IntegerValue Of(long number) =>
        number is >= -8 and < 256 ? Small[(int)number + 8] : new(number);

    public static IntegerValue Of(BigInteger number) => number.GetBitLength() <= MaxBits
        ? new(number)
        : throw TemplateException.Limit($"a whole number grew beyond {MaxBits} bits");

    public override void Represent(TextBuilder text) => text.Append(Number.ToString(CultureInfo.InvariantCulture));
}

internal sealed class FloatValue(double number) : Value
{
    public double Number => number;

    public override string TypeName => "float";

    public override bool IsTrue => number != 0;

    public override void Represent(TextBuilder text) => text.Append(FloatFormat.Represent(number));
}
