using Serverless.Bench.Measuring;

namespace Serverless.Bench;

/// <summary>One group of figures, measured together.</summary>
internal interface IBench
{
    /// <summary>The word that selects it on the command line.</summary>
    string Name { get; }

    /// <summary>What was counted and how long, in one line.</summary>
    string Conditions { get; }

    IAsyncEnumerable<Row> RunAsync(CancellationToken cancellationToken);
}
