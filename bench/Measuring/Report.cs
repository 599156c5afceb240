using System.Globalization;
using Spectre.Console;

namespace Serverless.Bench.Measuring;

/// <summary>Shows progress while a bench runs, and its rows when it is through.</summary>
internal sealed class Report(Machine machine)
{
    private readonly List<Row> _rows = [];

    public IReadOnlyList<Row> Rows => _rows;

    public void Begin() => AnsiConsole.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{machine.Cpu}, {machine.Cores} cores, {machine.Runtime}, {machine.Os}, {machine.MeasuredAt:yyyy-MM-dd HH:mm} UTC"));

    /// <summary>Runs one bench and shows what it measured.</summary>
    public async Task AddAsync(IBench bench, CancellationToken cancellationToken)
    {
        var measured = new List<Row>();
        await foreach (var row in bench.RunAsync(cancellationToken))
        {
            measured.Add(row);
            _rows.Add(row);
            // A long bench says that it lives; the table comes at its end.
            await Console.Error.WriteLineAsync($"  {bench.Name}: {row.Name}");
        }

        AnsiConsole.Write(Table(bench, measured));
    }

    private static Table Table(IBench bench, IEnumerable<Row> rows)
    {
        var table = new Table().Title(bench.Name).Caption(bench.Conditions)
            .AddColumn("what").AddColumn("unit")
            .AddColumn(new TableColumn("min").RightAligned())
            .AddColumn(new TableColumn("median").RightAligned())
            .AddColumn(new TableColumn("max").RightAligned());
        foreach (var row in rows)
        {
            table.AddRow(Markup.Escape(row.Name), Markup.Escape(row.Unit), Number(row.Min), Number(row.Median), Number(row.Max));
        }

        return table;
    }

    private static string Number(double value) => value.ToString(
        value switch { >= 100 => "N0", >= 10 => "N1", _ => "N2" }, CultureInfo.InvariantCulture);
}
