namespace Serverless.Bench.Measuring;

/// <summary>One measured figure: what several runs of it gave.</summary>
internal sealed record Row(string Name, string Unit, double Min, double Median, double Max)
{
    /// <summary>The row of the values that the runs gave, at least one.</summary>
    public static Row Of(string name, string unit, IReadOnlyCollection<double> runs) =>
        new(name, unit, runs.Min(), Percentile.Of(runs, 0.5), runs.Max());
}
