using System.Globalization;
using System.Numerics;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>Prints floating-point numbers as Python does.</summary>
internal static class FloatFormat
{
    private const int MaxPlaces = 400;

    /// <summary>The shortest digits that read back as the same number: <c>1.0</c>, <c>1e-05</c>, <c>1e+16</c>.</summary>
    public static string Represent(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        var sign = double.IsNegative(number) ? "-" : "";
        var (digits, point) = ShortestDigits(Math.Abs(number));
        if (point is <= -4 or > 16)
        {
            var rest = digits.Length > 1 ? "." + digits[1..] : "";
            var exponent = point - 1;
            return $"{sign}{digits[0]}{rest}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        return sign + (point <= 0
            ? "0." + new string('0', -point) + digits
            : point >= digits.Length
                ? digits.PadRight(point, '0') + ".0"
                : digits[..point] + "." + digits[point..]);
    }

    /// <summary>A fixed count of decimals; exact ties go to the even digit.</summary>
    public static string Fixed(double number, int places)
    {
        if (!double.IsFinite(number))
        {
            return Represent(number);
        }

        var scaled = Scale(Math.Abs(number), Math.Clamp(places, 0, MaxPlaces));
        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        var sign = double.IsNegative(number) ? "-" : "";
        return places == 0 ? sign + digits : $"{sign}{digits[..^places]}.{digits[^places..]}";
    }

    /// <summary>Rounds as Python's <c>round</c>: correct for the number's exact value, ties to even.</summary>
    public static double Round(double number, int places)
    {
        if (!double.IsFinite(number) || places > 330)
        {
            return number;
        }

        if (places >= 0)
        {
            return double.Parse(Fixed(number, places), CultureInfo.InvariantCulture);
        }

        var unit = Math.Pow(10, -places);
        return double.IsInfinity(unit) ? 0.0 : Math.Round(number / unit, MidpointRounding.ToEven) * unit;
    }

    private static BigInteger Scale(double number, int places)
    {
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFF;
        (mantissa, exponent) = exponent == 0 ? (mantissa, -1074) : (mantissa | 1L << 52, exponent - 1075);
        var scaled = mantissa * BigInteger.Pow(10, places);
        if (exponent >= 0)
        {
            return scaled << exponent;
        }

        var divisor = BigInteger.One << -exponent;
        var whole = BigInteger.DivRem(scaled, divisor, out var rest);
        var half = (rest << 1).CompareTo(divisor);
        return half > 0 || (half == 0 && !whole.IsEven) ? whole + 1 : whole;
    }

    // The number is 0.DIGITS times ten to the power of the point.
    private static (string Digits, int Point) ShortestDigits(double number)
    {
        if (number == 0)
        {
            return ("0", 1);
        }

        var text = number.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var exponent = int.Parse(text.AsSpan(text.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        var mantissa = shortest.Split('E')[0].Replace(".", "", StringComparison.Ordinal).Trim('0');
        if (shortest.Contains('E'))
        {
            exponent = int.Parse(shortest.AsSpan(shortest.IndexOf('E') + 1), CultureInfo.InvariantCulture);
        }

        return (mantissa.Length == 0 ? "0" : mantissa, exponent + 1);
    }
}
