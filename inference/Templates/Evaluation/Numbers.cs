using System.Globalization;
using System.Numerics;
using Serverless.Inference.Templates.Values;

namespace Serverless.Inference.Templates.Evaluation;

/// <summary>Python's arithmetic on int, float and bool.</summary>
internal static class Numbers
{
    public static bool IsNumber(Value value) => value is IntegerValue or FloatValue or BooleanValue;

    /// <summary>The number of an int or a bool; null for anything else.</summary>
    public static BigInteger? AsInteger(Value value) => value switch
    {
        IntegerValue integer => integer.Number,
        BooleanValue boolean => boolean.IsTrue ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    public static double AsFloat(Value value) => value is FloatValue number ? number.Number : (double)AsInteger(value)!.Value;

    /// <summary>Exact between whole and floating-point numbers; null where one of them is not a number.</summary>
    public static int? Compare(Value left, Value right)
    {
        if (AsInteger(left) is { } a && AsInteger(right) is { } b)
        {
            return a.CompareTo(b);
        }

        var (x, y) = (AsFloat(left), AsFloat(right));
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return null;
        }

        if ((left is FloatValue && right is FloatValue) || double.IsInfinity(x) || double.IsInfinity(y))
        {
            return x.CompareTo(y);
        }

        // A float is compared by its whole part first: an int may have more digits than a float can hold.
        return AsInteger(left) is { } whole
            ? Compare(whole, y)
            : -Compare(AsInteger(right)!.Value, x);
    }

    public static Value Add(Value left, Value right) => Apply(left, right, static (a, b) => a + b, static (a, b) => a + b);

    public static Value Subtract(Value left, Value right) => Apply(left, right, static (a, b) => a - b, static (a, b) => a - b);

    public static Value Multiply(Value left, Value right) => Apply(left, right, static (a, b) => a * b, static (a, b) => a * b);

    public static Value Divide(Value left, Value right)
    {
        RequireDivisor(right);
        return new FloatValue(AsFloat(left) / AsFloat(right));
    }

    public static Value FloorDivide(Value left, Value right)
    {
        RequireDivisor(right);
        return Apply(left, right, FloorQuotient, static (a, b) => Math.Floor((a - Remainder(a, b)) / b));
    }

    public static Value Modulo(Value left, Value right)
    {
        RequireDivisor(right);
        return Apply(left, right, static (a, b) => a - FloorQuotient(a, b) * b, Remainder);
    }

    public static Value Power(Value left, Value right)
    {
        if (AsInteger(left) is { } number && AsInteger(right) is { } exponent && exponent.Sign >= 0)
        {
            if (exponent > IntegerValue.MaxBits && BigInteger.Abs(number) > 1)
            {
                throw TemplateException.Limit($"a whole number grew beyond {IntegerValue.MaxBits} bits");
            }

            var odd = !exponent.IsEven;
            return BigInteger.Abs(number) <= 1
                ? IntegerValue.Of(exponent.IsZero ? 1 : number < 0 && !odd ? 1 : number)
                : number.GetBitLength() * (long)exponent > 2 * IntegerValue.MaxBits
                    ? throw TemplateException.Limit($"a whole number grew beyond {IntegerValue.MaxBits} bits")
                    : IntegerValue.Of(BigInteger.Pow(number, (int)exponent));
        }

        var (x, y) = (AsFloat(left), AsFloat(right));
        return x == 0 && y < 0
            ? throw TemplateException.Evaluation("zero cannot be raised to a negative power")
            : new FloatValue(Math.Pow(x, y));
    }

    public static Value Negate(Value value) => value switch
    {
        FloatValue number => new FloatValue(-number.Number),
        _ when AsInteger(value) is { } whole => IntegerValue.Of(-whole),
        UndefinedValue undefined => throw undefined.Error(),
        _ => throw TemplateException.Evaluation($"bad operand type for unary -: '{value.TypeName}'"),
    };

    /// <summary>Reads a whole number as Python's <c>int(text, base)</c>; null where it is none.</summary>
    public static BigInteger? Parse(string text, int radix)
    {
        var digits = text.Trim().Replace("_", "", StringComparison.Ordinal);
        var isNegative = digits.StartsWith('-');
        digits = digits.StartsWith('-') || digits.StartsWith('+') ? digits[1..] : digits;
        if (digits.Length > 1 && digits[0] == '0' && "xXoObB".Contains(digits[1], StringComparison.Ordinal))
        {
            var named = char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            (radix, digits) = radix is 0 || radix == named ? (named, digits[2..]) : (radix, digits);
        }

        radix = radix == 0 ? 10 : radix;
        if (digits.Length is 0 or > 1300)
        {
            return null;
        }

        var number = BigInteger.Zero;
        foreach (var digit in digits)
        {
            var value = char.IsAsciiDigit(digit) ? digit - '0'
                : char.IsAsciiLetter(digit) ? char.ToLowerInvariant(digit) - 'a' + 10
                : char.IsDigit(digit) ? (int)char.GetNumericValue(digit) : 99;
            if (value >= radix)
            {
                return null;
            }

            number = number * radix + value;
        }

        return isNegative ? -number : number;
    }

    /// <summary>Reads a number as Python's <c>float(text)</c>; null where it is none.</summary>
    public static double? ParseFloat(string text)
    {
        var trimmed = text.Trim().Replace("_", "", StringComparison.Ordinal);
        var unsigned = trimmed.TrimStart('+', '-').ToUpperInvariant();
        var sign = trimmed.StartsWith('-') ? -1.0 : 1.0;
        return unsigned switch
        {
            "INF" or "INFINITY" => sign * double.PositiveInfinity,
            "NAN" => double.NaN,
            _ => double.TryParse(trimmed, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture, out var number) ? number : null,
        };
    }

    private static int Compare(BigInteger whole, double number)
    {
        var floor = Math.Floor(number);
        var order = whole.CompareTo(new BigInteger(floor));
        return order != 0 || floor == number ? order : -1;
    }

    private static Value Apply(
        Value left, Value right, Func<BigInteger, BigInteger, BigInteger> whole, Func<double, double, double> real) =>
        AsInteger(left) is { } a && AsInteger(right) is { } b
            ? IntegerValue.Of(whole(a, b))
            : new FloatValue(real(AsFloat(left), AsFloat(right)));

    private static BigInteger FloorQuotient(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var rest);
        return !rest.IsZero && rest.Sign != b.Sign ? quotient - 1 : quotient;
    }

    private static double Remainder(double a, double b)
    {
        var rest = a % b;
        return rest != 0 && Math.Sign(rest) != Math.Sign(b) ? rest + b : rest;
    }

    private static void RequireDivisor(Value right)
    {
        if (AsFloat(right) == 0)
        {
            throw TemplateException.Evaluation("division by zero");
        }
    }
}
