using System.Globalization;

namespace Serverless.Inference.Templates.Formatting;

/// <summary>C's <c>strftime</c> in English, as Python calls it: for <c>strftime_now</c>.</summary>
internal static class TimeFormat
{
    public static string Format(DateTimeOffset time, string format)
    {
        var result = new System.Text.StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                result.Append(format[at]);
                continue;
            }

            var isUnpadded = format[at + 1] == '-' && at + 2 < format.Length;
            at += isUnpadded ? 2 : 1;
            var field = Field(time, format[at]) ?? (isUnpadded ? "%-" : "%") + format[at];
            var trimmed = field.TrimStart('0', ' ');
            result.Append(!isUnpadded ? field : trimmed.Length == 0 ? "0" : trimmed);
        }

        return result.ToString();
    }

    private static string? Field(DateTimeOffset time, char code) => code switch
    {
        'Y' => Number(time.Year, 1),
        'C' => Number(time.Year / 100, 2),
        'y' => Number(time.Year % 100, 2),
        'm' => Number(time.Month, 2),
        'd' => Number(time.Day, 2),
        'e' => Number(time.Day, 1).PadLeft(2),
        'H' => Number(time.Hour, 2),
        'k' => Number(time.Hour, 1).PadLeft(2),
        'I' => Number((time.Hour + 11) % 12 + 1, 2),
        'l' => Number((time.Hour + 11) % 12 + 1, 1).PadLeft(2),
        'M' => Number(time.Minute, 2),
        'S' => Number(time.Second, 2),
        'f' => Number((int)(time.Ticks % TimeSpan.TicksPerSecond / 10), 6),
        'j' => Number(time.DayOfYear, 3),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'B' => Name(time, "MMMM"),
        'b' or 'h' => Name(time, "MMM"),
        'A' => Name(time, "dddd"),
        'a' => Name(time, "ddd"),
        'w' => Number((int)time.DayOfWeek, 1),
        'u' => Number(((int)time.DayOfWeek + 6) % 7 + 1, 1),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
        'W' => Number((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(time.DateTime), 2),
        'G' => Number(ISOWeek.GetYear(time.DateTime), 1),
        'g' => Number(ISOWeek.GetYear(time.DateTime) % 100, 2),
        'F' => Format(time, "%Y-%m-%d"),
        'D' or 'x' => Format(time, "%m/%d/%y"),
        'T' or 'X' => Format(time, "%H:%M:%S"),
        'R' => Format(time, "%H:%M"),
        'r' => Format(time, "%I:%M:%S %p"),
        'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'n' => "\n",
        't' => "\t",
        '%' => "%",

        // The clock that templates read has no zone, so Python prints nothing for it.
        'z' or 'Z' => "",
        _ => null,
    };

    private static string Number(int number, int width) =>
        number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');

    private static string Name(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
