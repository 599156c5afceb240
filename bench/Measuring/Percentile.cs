namespace Serverless.Bench.Measuring;

internal static class Percentile
{
    /// <summary>The value below which <paramref name="part"/> of the values lie: the nearest rank, and for 0.5 the middle one.</summary>
    public static double Of(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(sorted.Length * part) - 1, 0, sorted.Length - 1)];
    }
}
